#include "lb/worker/service_notes.h"

#include <utility>

namespace finishline::worker {

ServiceNotes::ServiceNotes(ledger::WorkerBooks& books, std::vector<ledger::ServerId> servers,
                           std::vector<double> declared)
    : ledger_(books.ledger()),
      notes_(books.ledger(), books.self()),
      servers_(std::move(servers)),
      declared_(std::move(declared)) {}

void ServiceNotes::note(std::size_t server, RequestType type, std::uint32_t length, const Served& served) {
  const double declared = length * declared_[type * servers_.size() + server];
  if (served.worked <= 0ns || served.worked > served.took || !(declared > 0)) return;
  notes_.note(servers_[server], type, static_cast<double>(served.worked.count()) / declared);
  if (served.was_idle) notes_.note_way(servers_[server], served.took - served.worked);
}

void ServiceNotes::read(std::vector<double>& nanos_per_unit) const {
  for (std::size_t at = 0; at < declared_.size(); ++at) {
    const std::size_t type = at / servers_.size(), server = at % servers_.size();
    const double learned = learned_cost(ledger_, servers_[server], static_cast<RequestType>(type)).learned;
    nanos_per_unit[at] = learned > 0 ? learned : declared_[at];
  }
}

}  // namespace finishline::worker
