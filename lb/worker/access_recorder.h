// Which requests and streams the access log tells of, and what of them: every one that was not served, every
// slow one, and of the others a share. A stream is slow that waited so long for its server. Where many fail,
// a thousand a second have their line for it, and of the rest the share. The lines of a turn are written
// together. Worker process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lb/ledger/ledger.h"
#include "lb/ledger/metrics.h"
#include "lb/log/access_log.h"
#include "lb/process/heritage.h"
#include "lb/sched/random.h"
#include "lb/worker/request.h"
#include "proto/cost_model.h"

namespace finishline::worker {

class AccessRecorder {
 public:
  struct Options {
    double share = 0;  // of requests that are neither slow nor errors
    Nanos slow{};      // so long, or longer; 0: none is
  };
  /// What became of a request.
  struct Outcome {
    std::string_view pool;
    RequestType type = 0;
    std::uint32_t length = 0;
    const ledger::ServerId* server = nullptr;  // none: no server has answered it
    proto::Status status = proto::Status::ok;
    Nanos waiting{}, service{}, total{};
    std::uint32_t attempts = 0;
    std::string_view policy;  // of the pool
  };

  /// What became of a stream.
  struct StreamOutcome {
    std::string_view pool;
    std::string_view server;  // "": it was at none
    ledger::CloseReason ended{};
    Nanos waiting{}, total{};
    std::int64_t bytes_in = 0, bytes_out = 0;  // from the client, to the client
    std::uint32_t attempts = 0;
  };

  /// Errors and slow ones of one second that have a line for being that.
  static constexpr std::uint32_t kMostTold = 1000;

  /// All outlive it.
  AccessRecorder(Options options, const CostModel& cost, const ledger::Ledger& ledger,
                 ledger::WorkerMetrics& metrics, ledger::WorkerId self, std::uint64_t seed);

  /// Nothing: the configuration wants no access log.
  static std::optional<AccessRecorder> wanted_by(const process::Heritage& heritage,
                                                 ledger::WorkerMetrics& metrics, std::uint64_t seed);

  /// Why it is told of: "error", "slow", "share"; "": it is not.
  std::string_view reason_to_tell(proto::Status status, Nanos total, Instant now) {
    return reason_to_tell(status != proto::Status::ok, total, now);
  }
  /// `told`: one of these.
  void tell(const Outcome& outcome, const ClientName& client, std::string_view told);
  /// One that was refused before it had a type.
  void tell_rejected(const ClientName& client, char code, std::uint32_t length, proto::Status status,
                     Instant now);
  /// One that has ended; it sees for itself whether there is a line to be written.
  void tell_stream(const StreamOutcome& outcome, const ClientName& client, Instant now);
  /// Writes what has been told. Nothing is waited for; what is lost is counted.
  void end_turn();

 private:
  std::string_view reason_to_tell(bool error, Nanos took, Instant now);
  bool tells_one_more(Instant now);
  template <class Entry>
  void add(const Entry& entry);

  Options options_;
  const CostModel& cost_;
  const ledger::Ledger& ledger_;
  ledger::WorkerMetrics& metrics_;
  ledger::WorkerId self_;
  sched::Random random_;
  std::string lines_;  // not written yet
  std::int64_t line_count_ = 0;
  Instant second_{};  // the one that `told_` counts in
  std::uint32_t told_ = 0;
};

}  // namespace finishline::worker
