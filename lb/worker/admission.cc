#include "lb/worker/admission.h"

namespace finishline::worker {

using ledger::CloseReason;
using ledger::WorkerCell;

Admission::Admission(Options options, ledger::SourceTable& sources, ledger::WorkerMetrics& metrics, Instant now)
    : options_(std::move(options)),
      sources_(sources),
      metrics_(metrics),
      key_(sources.key_of_listener(options_.listener)) {
  if (limits_listener()) hold_ = enter(key_, now);
}

Ticket Admission::enter(ledger::SourceTable::Key key, Instant now) {
  if (const auto row = sources_.enter(key, now)) return {sources_, *row};
  metrics_.add(WorkerCell::sources_untracked);
  return {};
}

// --- connections -----------------------------------------------------------------------------------

// Several workers may see the last free place at once: the limit can be overrun by all of them but one.
net::Accept Admission::may_accept(Instant now) {
  if (!hold_) return net::Accept::yes;
  if (options_.max_connections > 0 && sources_.connections(key_, kHold) >= options_.max_connections)
    return net::Accept::later;
  if (options_.connections.limits() && sources_.connection_bucket(hold_.row()).wait(options_.connections, now) > 0ns)
    return net::Accept::later;
  return net::Accept::yes;
}

Ticket Admission::enter_listener(Instant now) {
  if (!hold_) return {};
  if (options_.connections.limits()) sources_.connection_bucket(hold_.row()).charge(options_.connections, now);
  return options_.max_connections > 0 ? enter(key_, now) : Ticket();
}

std::optional<CloseReason> Admission::admit(const net::Address& client, Instant now, Ticket& ticket) {
  if (!welcome(client)) return CloseReason::denied;
  if (!limits_sources()) return std::nullopt;
  const ledger::SourceTable::Key key = sources_.key_of_client(client.host(), key_);
  Ticket mine = enter(key, now);
  if (!mine) return std::nullopt;
  if (options_.max_per_source > 0 && sources_.connections(key) > options_.max_per_source)
    return CloseReason::too_many_from_source;
  if (options_.source_connections.limits() &&
      sources_.connection_bucket(mine.row()).take(options_.source_connections, now) > 0ns)
    return CloseReason::too_fast_from_source;
  ticket = std::move(mine);
  return std::nullopt;
}

bool Admission::welcome(const net::Address& client) const {
  if (net::contains(options_.deny, client)) return false;
  return options_.allow.empty() || net::contains(options_.allow, client);
}

// --- requests --------------------------------------------------------------------------------------

Nanos Admission::take_request(const Ticket& source, Instant now) {
  const bool by_source = options_.source_requests.limits() && source;
  if (by_source) {
    const Nanos wait = sources_.request_bucket(source.row()).take(options_.source_requests, now);
    if (wait > 0ns) return wait;
  }
  if (!options_.requests.limits() || !hold_) return 0ns;
  const Nanos wait = sources_.request_bucket(hold_.row()).take(options_.requests, now);
  if (wait > 0ns && by_source) sources_.request_bucket(source.row()).give_back(options_.source_requests);
  return wait;
}

}  // namespace finishline::worker
