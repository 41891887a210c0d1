#include "lb/worker/admission.h"

namespace finishline::worker {

using ledger::CloseReason;
using ledger::WorkerCell;

Admission::Options admission_options(const config::Listener& listener) {
  const auto limit = [](const config::Rate& rate, std::uint32_t burst) {
    if (!rate.limits()) return ledger::RateLimit{};
    return ledger::RateLimit::of(rate.interval(), burst > 0 ? burst : rate.per_second());
  };
  Admission::Options options{.listener = listener.name,
                             .max_connections = listener.max_connections,
                             .connections = limit(listener.connection_rate, listener.connection_burst),
                             .requests = limit(listener.request_rate, listener.request_burst)};
  if (listener.address.is_unix())
    return options;  // its clients have no addresses: the file says who may come
  options.allow = listener.allow;
  options.deny = listener.deny;
  options.max_per_source = listener.max_per_source;
  options.source_connections = limit(listener.source_connection_rate, listener.source_connection_burst);
  options.source_requests = limit(listener.source_request_rate, listener.source_request_burst);
  return options;
}

Admission::Admission(Options options, ledger::SourceTable& sources, ledger::WorkerMetrics& metrics,
                     Instant now)
    : options_(std::move(options)),
      sources_(sources),
      metrics_(metrics),
      key_(sources.key_of_listener(options_.listener)) {
  if (limits_listener()) hold_ = enter(key_, now);
}

Ticket Admission::enter(ledger::SourceTable::Key key, Instant now) {
  if (const auto row = sources_.enter(key, now)) return {sources_, *row, false};
  metrics_.add(WorkerCell::sources_shared);
  return {sources_, sources_.share(key), true};
}

std::uint64_t Admission::connections(const Ticket& mine, ledger::SourceTable::Key key,
                                     std::uint32_t apart) const {
  return mine.shared() ? sources_.connections_in(mine.row()) : sources_.connections(key, apart);
}

// --- connections -----------------------------------------------------------------------------------

// Several workers may see the last free place at once: the limit can be overrun by all of them but one.
net::Accept Admission::may_accept(Instant now) {
  if (!hold_) return net::Accept::yes;
  if (options_.max_connections > 0 && connections(hold_, key_, kHold) >= options_.max_connections)
    return net::Accept::later;
  return wait_for_rate(now) > 0ns ? net::Accept::later : net::Accept::yes;
}

Nanos Admission::wait_for_rate(Instant now) {
  if (!hold_ || !options_.connections.limits()) return 0ns;
  return sources_.connection_bucket(hold_.row()).wait(options_.connections, now);
}

Ticket Admission::enter_listener(Instant now) {
  if (!hold_) return {};
  if (options_.connections.limits())
    sources_.connection_bucket(hold_.row()).charge(options_.connections, now);
  return options_.max_connections > 0 ? enter(key_, now) : Ticket();
}

std::optional<CloseReason> Admission::admit(const net::Address& client, Instant now, Ticket& ticket) {
  const auto reason = look_at(client, now, ticket);
  if (reason) options_.counts.refused();
  return reason;
}

std::optional<CloseReason> Admission::look_at(const net::Address& client, Instant now, Ticket& ticket) {
  if (!welcome(client)) return CloseReason::denied;
  if (!limits_sources()) return std::nullopt;
  const ledger::SourceTable::Key key = sources_.key_of_client(client.host(), key_);
  Ticket mine = enter(key, now);
  const bool shared = mine.shared();
  if (options_.max_per_source > 0 && connections(mine, key, 0) > options_.max_per_source)
    return shared ? CloseReason::sources_full : CloseReason::too_many_from_source;
  if (options_.source_connections.limits() &&
      sources_.connection_bucket(mine.row()).take(options_.source_connections, now) > 0ns)
    return shared ? CloseReason::sources_full : CloseReason::too_fast_from_source;
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
