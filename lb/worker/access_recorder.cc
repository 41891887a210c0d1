#include "lb/worker/access_recorder.h"

#include "lb/log/access_log.h"

namespace finishline::worker {
namespace {

/// Why this server, in a word.
std::string_view why(const AccessRecorder::Outcome& outcome) {
  if (outcome.server == nullptr) return "";
  if (outcome.attempts > 1) return "sent again";
  return outcome.waiting > Nanos{} ? "had room" : outcome.policy;
}

}  // namespace

AccessRecorder::AccessRecorder(Options options, const CostModel& cost, const ledger::Ledger& ledger,
                               ledger::WorkerMetrics& metrics, ledger::WorkerId self, std::uint64_t seed)
    : options_(options), cost_(cost), ledger_(ledger), metrics_(metrics), self_(self), random_(seed) {}

std::string_view AccessRecorder::reason_to_tell(proto::Status status, Nanos total) {
  if (status != proto::Status::ok) return "error";
  if (options_.slow > Nanos{} && total >= options_.slow) return "slow";
  return options_.share > 0 && random_.unit() < options_.share ? "share" : "";
}

void AccessRecorder::tell(const Outcome& outcome, const ClientName& client, std::string_view told) {
  const bool written = log::write_access(
      {.worker = self_,
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
  metrics_.add(written ? ledger::WorkerCell::access_lines : ledger::WorkerCell::access_lines_lost);
}

void AccessRecorder::tell_rejected(const ClientName& client, char code, std::uint32_t length,
                                   proto::Status status) {
  const bool written = log::write_access({.worker = self_,
                                          .listener = client.listener,
                                          .client = client.address,
                                          .pool = "",
                                          .type = {&code, code == '\0' ? 0U : 1U},
                                          .length = length,
                                          .server = "",
                                          .status = name_of(status),
                                          .why = "",
                                          .told = "error"});
  metrics_.add(written ? ledger::WorkerCell::access_lines : ledger::WorkerCell::access_lines_lost);
}

}  // namespace finishline::worker
