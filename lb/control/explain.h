// Why requests go where they go: the last decisions of a pool, in words and numbers, and what would be
// decided now. Workers tell what they decide only while somebody asks. Control process, on its loop.
#pragma once

#include <deque>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/control/planning.h"
#include "lb/control/snapshot.h"
#include "lb/http/message.h"
#include "lb/ledger/decisions.h"
#include "lb/net/loop.h"
#include "lb/net/timer.h"
#include "lb/sched/prospect.h"

namespace finishline::control {

class Explain {
 public:
  /// Latest decisions kept per pool that is being asked for.
  static constexpr std::size_t kKeptDecisions = 100;
  /// And of each of its servers.
  static constexpr std::size_t kKeptOfServer = 64;
  /// Workers tell for so long after they were asked last.
  static constexpr Nanos kLease = 5s;
  static constexpr Nanos kPoll = 50ms;

  /// Loop, ledger and names outlive it. `pools`: those of requests. Nobody asks at first.
  Explain(net::Loop& loop, ledger::Ledger& ledger, const Names& names,
          std::vector<Planning::PlannedPool> pools);
  /// Of another configuration.
  void change_to(std::vector<Planning::PlannedPool> pools);

  /// The one of these two that is asked for.
  http::HttpReply page(const http::HttpRequest& request) {
    return request.parameter("type").empty() ? decisions(request) : prospect(request);
  }
  /// The reply to GET /pools/NAME/explain, for those who bring the token, as it has workers tell: JSON, the
  /// latest decisions, of which there are none before it was asked for the first time. 404.
  http::HttpReply decisions(const http::HttpRequest& request);
  /// The reply to GET /pools/NAME/explain?type=T, with length=N (1) and priority=P (0), which changes
  /// nothing: JSON, what would become of such a request now. 400, 404.
  http::HttpReply prospect(const http::HttpRequest& request);

  /// The latest decisions for the API, the latest first; the first question has workers tell from now on.
  /// Nothing when there is no such pool of requests.
  std::optional<nlohmann::ordered_json> latest(std::string_view pool, double unix_now);

  /// Somebody looks at what the servers of this pool have to do.
  void follow(ledger::PoolId pool);
  /// The latest decisions for this server, the oldest first; of a pool that is being asked for.
  const std::deque<ledger::Decision>& sent_to(ledger::ServerId server) const;

  /// Fetches what there is; the timer does it.
  void poll();

 private:
  struct Pool {
    Planning::PlannedPool pool;
    std::optional<Instant> asked_at{};
    std::deque<ledger::Decision> kept{};
  };

  Pool* find(std::string_view name);
  http::HttpReply no_pool(const std::string& name) const;
  void want(const Pool& pool, bool wanted);
  void take(const ledger::Decision& decision);
  void end_leases();
  nlohmann::ordered_json servers_facts(const Pool& pool, const sched::PoolCosts& costs, std::uint8_t lane,
                                       std::uint32_t length, const std::vector<std::int64_t>& finish,
                                       Instant now) const;
  std::vector<std::int64_t> finish_times(const Pool& pool, Instant now) const;

  net::Loop& loop_;
  ledger::Ledger& ledger_;
  const Names& names_;
  std::vector<Pool> pools_;
  std::map<ledger::ServerId, std::deque<ledger::Decision>> sent_;  // while anybody asks
  sched::Prospects prospects_;
  std::optional<ledger::DecisionReader> reader_;  // while anybody asks
  std::vector<ledger::Decision> fresh_;
  net::Timer timer_;
};

}  // namespace finishline::control
