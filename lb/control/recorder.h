// Fetches the records of served requests from the ledger while somebody wants them, keeps the latest for
// those who ask over the admin server, and passes them on. Control process, on its loop.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lb/control/snapshot.h"
#include "lb/http/message.h"
#include "lb/ledger/recording.h"
#include "lb/net/loop.h"
#include "lb/net/timer.h"

namespace finishline::control {

class Recorder {
 public:
  /// Latest requests kept per pool that is being asked for; older ones are forgotten, and whoever asks is
  /// told.
  static constexpr std::size_t kKept = 65536;
  /// Of one reply.
  static constexpr std::size_t kRows = 8192;
  /// A pool is recorded for this long after it was asked for last.
  static constexpr Nanos kLease = 5s;
  static constexpr Nanos kPoll = 20ms;

  /// Loop, ledger and names outlive it. Nobody wants anything at first, whatever an earlier process left.
  Recorder(net::Loop& loop, ledger::Ledger& ledger, const Names& names);
  /// The names are those of another configuration now. Recordings of pools that stay go on.
  void follow_names();

  /// The reply to GET /pools/NAME/record, for those who bring the token, as it has workers record: the
  /// requests that were served since it was asked last, or from now on when it was not, as CSV
  /// (lb/model/trace.h). Before them a line
  ///   # next=N missed=M now_s=S
  /// To go on, ask ?from=N; M requests between the last call and this one are lost. Times count from the
  /// start of the proxy, as S does.
  http::HttpReply page(const http::HttpRequest& request);
  static constexpr std::string_view kColumns = "time_s,type,length,service_s,server,response_s,status\n";

  enum class Subscriber : std::uint8_t { adaptive, performance };
  /// `on_record` is called for every request of the pool, within kPoll of its reply, until it is replaced by
  /// {}.
  void subscribe(ledger::PoolId pool, Subscriber who, std::function<void(const ledger::Record&)> on_record);
  /// Requests of any pool that were overwritten before they could be fetched, so far.
  std::uint64_t missed() const { return missed_; }

  /// Fetches what there is; the timer does it.
  void poll();

 private:
  struct Kept {
    std::uint64_t number;
    ledger::Record record;
  };
  struct RecordedPool {
    ledger::PoolId row = 0;
    std::array<std::function<void(const ledger::Record&)>, 2> on_record{};  // by Subscriber
    bool heard() const { return on_record[0] || on_record[1]; }
    std::optional<Instant> asked_at{};
    std::deque<Kept> kept{};
    std::uint64_t next = 0;  // number of the next record
  };

  RecordedPool* find(ledger::PoolId row);
  RecordedPool* find(std::string_view name);
  void forget(const RecordedPool& pool);
  void want(const RecordedPool& pool, ledger::Reader reader, bool wanted);
  void take(RecordedPool& pool, const ledger::Record& record);
  void end_leases();
  void sleep_if_idle();
  std::string rows_from(const RecordedPool& pool, std::uint64_t from) const;
  void append_row(std::string& to, const ledger::Record& record) const;

  net::Loop& loop_;
  ledger::Ledger& ledger_;
  const Names& names_;
  std::vector<RecordedPool> pools_;
  std::optional<ledger::RecordReader> reader_;  // while anybody wants anything
  std::vector<ledger::Record> fresh_;
  std::uint64_t missed_ = 0;
  net::Timer timer_;
};

}  // namespace finishline::control
