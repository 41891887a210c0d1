#include "lb/worker/access_recorder.h"

#include <chrono>

namespace finishline::worker {
namespace {

/// Why this server, in a word.
std::string_view why(const AccessRecorder::Outcome& outcome) {
  if (outcome.server == nullptr) return "";
  if (outcome.attempts > 1) return "sent again";
  return outcome.waiting > Nanos{} ? "had room" : outcome.policy;
}

/// One side has ended it, as streams end, and nobody has cut it.
bool well_ended(ledger::CloseReason reason) {
  return reason == ledger::CloseReason::finished || reason == ledger::CloseReason::client_gone;
}

}  // namespace

AccessRecorder::AccessRecorder(Options options, const CostModel& cost, const ledger::Ledger& ledger,
                               ledger::WorkerMetrics& metrics, ledger::WorkerId self, std::uint64_t seed)
    : options_(options), cost_(cost), ledger_(ledger), metrics_(metrics), self_(self), random_(seed) {}

std::optional<AccessRecorder> AccessRecorder::wanted_by(const process::Heritage& heritage,
                                                        ledger::WorkerMetrics& metrics, std::uint64_t seed) {
  const config::Log& log = heritage.config.log;
  if (!log.tells_access()) return std::nullopt;
  return AccessRecorder({.share = log.access_share, .slow = log.access_slow}, heritage.config.cost,
                        heritage.ledger, metrics, heritage.worker, seed);
}

std::string_view AccessRecorder::reason_to_tell(bool error, Nanos took, Instant now) {
  const bool slow = options_.slow > Nanos{} && took >= options_.slow;
  if (error || slow) {
    if (tells_one_more(now)) return error ? "error" : "slow";
    metrics_.add(ledger::WorkerCell::access_lines_spared);
  }
  return options_.share > 0 && random_.unit() < options_.share ? "share" : "";
}

bool AccessRecorder::tells_one_more(Instant now) {
  if (now - second_ >= 1s) {
    second_ = now;
    told_ = 0;
  }
  return told_ < kMostTold && ++told_ > 0;
}

void AccessRecorder::tell(const Outcome& outcome, const ClientName& client, std::string_view told) {
  add(log::AccessedRequest{
      .worker = self_,
      .listener = client.listener,
      .client = client.address,
      .pool = outcome.pool,
      .type = cost_.request_types()[outcome.type].name,
      .length = outcome.length,
      .server = outcome.server == nullptr ? std::string_view() : ledger_.server_name(*outcome.server),
      .status = name_of(outcome.status),
      .waiting = outcome.waiting,
      .service = outcome.service,
      .total = outcome.total,
      .attempts = outcome.attempts,
      .why = why(outcome),
      .told = told});
}

void AccessRecorder::tell_rejected(const ClientName& client, char code, std::uint32_t length,
                                   proto::Status status, Instant now) {
  const std::string_view told = reason_to_tell(status, Nanos{}, now);
  if (told.empty()) return;
  add(log::AccessedRequest{.worker = self_,
                           .listener = client.listener,
                           .client = client.address,
                           .pool = "",
                           .type = {&code, code == '\0' ? 0U : 1U},
                           .length = length,
                           .server = "",
                           .status = name_of(status),
                           .why = "",
                           .told = told});
}

void AccessRecorder::tell_stream(const StreamOutcome& outcome, const ClientName& client, Instant now) {
  const std::string_view told = reason_to_tell(!well_ended(outcome.ended), outcome.waiting, now);
  if (told.empty()) return;
  add(log::AccessedStream{.worker = self_,
                          .listener = client.listener,
                          .client = client.address,
                          .pool = outcome.pool,
                          .server = outcome.server,
                          .ended = name_of(outcome.ended),
                          .waiting = outcome.waiting,
                          .total = outcome.total,
                          .bytes_in = outcome.bytes_in,
                          .bytes_out = outcome.bytes_out,
                          .attempts = outcome.attempts,
                          .told = told});
}

template <class Entry>
void AccessRecorder::add(const Entry& entry) {
  const std::size_t before = lines_.size();
  log::append_access_line(lines_, entry, std::chrono::system_clock::now());
  if (before > 0 && lines_.size() > log::kAccessBatch) {
    const std::string line = lines_.substr(before);
    lines_.resize(before);
    end_turn();
    lines_ = line;
  }
  ++line_count_;
}

void AccessRecorder::end_turn() {
  if (line_count_ == 0) return;
  const bool written = log::write_access(lines_);
  metrics_.add(written ? ledger::WorkerCell::access_lines : ledger::WorkerCell::access_lines_lost,
               line_count_);
  lines_.clear();
  line_count_ = 0;
}

}  // namespace finishline::worker
