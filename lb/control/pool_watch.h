// Senses how the servers of a pool are and acts on it: checks them on a schedule, samples what the workers
// met at them, steps the pure machine (lb/sched/health_state.h), and writes what it says into the ledger and
// the log. Control process. Without it the states stay what they were.
//
// A change of the configuration begins nothing anew that is counted or timed. What is known of a server that
// stays moves with it from the watch of its old pool to that of its new one: runs, back-offs, the check that
// is under way, when the next one is due. So a reload every 100 ms neither hides a server that fails nor
// keeps a check from taking place. The same goes for another control process: what is counted stands in the
// ledger, too (HealthNotes), but for the check that was under way.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/control/probe.h"
#include "lb/control/snapshot.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/metrics.h"
#include "lb/sched/health_state.h"

namespace finishline::control {

/// The servers of one pool under watch.
class PoolWatch {
 public:
  struct Member {
    ledger::ServerId id = 0;
    std::string name;
    std::string address;                  // for the log
    std::optional<Probe::Options> probe;  // nothing: not checked
    bool scaled = false;                  // its process comes and goes: ledger/scaled_server.h
  };
  struct Options {
    std::string name;  // of the pool
    sched::HealthOptions health;
    Nanos check_interval = 2s;
    std::vector<Member> members;
  };
  /// What the workers had counted at the last look.
  struct Counts {
    std::int64_t served = 0;
    std::int64_t errors = 0;
    std::int64_t lost = 0;
  };
  /// What a watch has under way for a server.
  struct Watched {
    Member member;
    PoolWatch* pool = nullptr;  // whose it is now, and at which place there
    std::size_t place = 0;
    std::unique_ptr<Probe> probe{};
    std::unique_ptr<net::Timer> next_check{};
    Instant next_check_at{};
    Counts counts{};
    std::uint64_t trials = 0;
    std::uint16_t port = 0;                       // of a scaled server, as it is watched; 0: absent
    bool tried = false;                           // somebody has seen it answer
    std::string last_fault{};                     // of the last check that failed
    std::optional<proto::ServerVitals> vitals{};  // as of the last check, if that passed
    sched::HealthNotes noted{};
  };
  struct Known {
    std::unique_ptr<Watched> watched;
    sched::ServerHealth health;
  };
  using KnownByName = std::map<std::string, Known, std::less<>>;

  /// Goes on with what is known of its servers, which it takes out of `known`; of others, with what stands in
  /// the ledger. Loop and ledger outlive it.
  /// `appeared` is called when a scaled server has answered for the first time.
  PoolWatch(
      net::Loop& loop, ledger::Ledger& ledger, Options options, std::uint64_t seed, KnownByName& known,
      std::function<void()> appeared = [] {});
  PoolWatch(const PoolWatch&) = delete;
  PoolWatch& operator=(const PoolWatch&) = delete;

  /// Hands over all that it knows, and is done.
  void dissolve(KnownByName& known);

  /// Reads what the workers met since the last call; to be called every kSample.
  void sample();
  static constexpr Nanos kSample = 100ms;
  /// False when the server is not of this pool.
  bool set_admin(ledger::ServerId server, ledger::AdminState admin);
  /// Why its servers are given work otherwise than those that are up, into `reasons` by ServerId.
  void tell_reasons(std::vector<std::string>& reasons) const;
  /// Those of its servers that are untried: they take work, and nobody has reached them yet, though somebody
  /// tries. No check has passed, or, where there are none, nothing was served, and no worker has a link.
  /// Servers of streams without checks are not among them. By ServerId.
  void tell_untried(std::vector<bool>& untried) const;
  /// What they say of themselves, by ServerId.
  void tell_vitals(std::vector<std::optional<proto::ServerVitals>>& vitals) const;

 private:
  std::vector<sched::ServerHealth> healths(const std::vector<Member>& members, const Options& options,
                                           const KnownByName& known) const;
  std::unique_ptr<Watched> begin(Member member);
  void adopt(Watched& it, Member member);
  void open_probe(Watched& it);
  void watch(std::size_t server);
  void schedule(Watched& it, Nanos delay);
  void follow_process(std::size_t server);
  void set_port(Watched& it, std::uint16_t port) const;
  bool starting(const Watched& it) const;
  void appear_if_ready(std::size_t server);
  void on_checked(std::size_t server, const Probe::Fault& fault);
  void hear_backlog(const Watched& it);
  Counts count(ledger::ServerId server) const;
  sched::Experience experience(Watched& watched) const;
  void publish();
  void publish(std::size_t server);
  void note(std::size_t server);
  bool is_untried(const Watched& watched, ledger::ServerState state) const;
  void log_change(const Watched& watched, ledger::ServerState before, std::string_view reason) const;
  std::string_view reason_of(std::size_t server) const;

  net::Loop& loop_;
  ledger::Ledger& ledger_;
  ledger::MetricsReader reader_;
  Nanos check_interval_;
  sched::Random random_;
  std::vector<std::unique_ptr<Watched>> servers_;
  sched::PoolHealth health_;
  std::function<void()> appeared_;
};

}  // namespace finishline::control
