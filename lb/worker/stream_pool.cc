#include "lb/worker/stream_pool.h"
#include "lb/ledger/scaled_server.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace finishline::worker {

using ledger::CloseReason;
using ledger::WorkerCell;

namespace {

constexpr Nanos kTellAgain = 1s;

}  // namespace

StreamPool::StreamPool(const Context& context, std::size_t position)
    : dispatcher_(context.dispatcher),
      position_(position),
      ledger_(context.ledger),
      books_(context.books),
      metrics_(context.metrics),
      line_(context.ledger, context.dispatcher.pool(position).options().row, context.self),
      self_(context.self),
      bells_(context.bells),
      mover_(context.mover) {}

void StreamPool::renew(Options options, std::vector<Server> servers) {
  options_ = options;
  servers_ = std::move(servers);
  told_of_.assign(servers_.size(), {});
}

StreamPool::Server& StreamPool::server(const Placement& place) {
  Server& it = servers_[place.member];
  if (it.scaled) it.address = it.address.with_port(ledger::scaled_port(ledger_, it.id));
  return it;
}

std::string StreamPool::address_of(const Placement& place) const {
  const auto at = member(place);
  return at ? servers_[*at].address.to_string() : "";
}

std::optional<std::size_t> StreamPool::member(const Placement& place) const {
  const ledger::ServerId id = place.reservation.server;
  if (place.member < servers_.size() && servers_[place.member].id == id) return place.member;
  const auto found = std::ranges::find(servers_, id, &Server::id);
  if (found == servers_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - servers_.begin());
}

// --- the line ----------------------------------------------------------------------------------------

void StreamPool::request_place(StreamWaiter& waiter, Instant since, Instant now) {
  NoPlace why = NoPlace::full;
  if (is_next(since)) {  // else it would overtake those who wait
    const auto placed = pool().place_stream(waiter.job(), now);
    if (const auto* place = std::get_if<Placement>(&placed)) return waiter.on_place(*place);
    why = std::get<NoPlace>(placed);
  }
  if (why == NoPlace::none) return waiter.on_refused(CloseReason::no_server);
  if (waiting_.size() >= options_.max_waiting) drop_gone(now);
  if (waiting_.size() >= options_.max_waiting) return waiter.on_refused(CloseReason::queue_full);
  const bool unseen = !shown_;
  waiter.on_waiting(queue(waiter, since, now));
  if (unseen && serve_waiting(now))
    hand_out(now);  // what was freed before others could see that somebody waits
}

/// Nobody has waited for longer, here or in another worker.
bool StreamPool::is_next(Instant since) const { return (!shown_ || since < *shown_) && line_.is_turn(since); }

WaitingTicket StreamPool::queue(StreamWaiter& waiter, Instant since, Instant now) {
  auto before = waiting_.end();
  while (before != waiting_.begin() && std::prev(before)->since > since) --before;
  const WaitingTicket ticket = waiting_.insert(before, {&waiter, since, now});
  metrics_.add(WorkerCell::connections_waiting);
  show_first();
  return ticket;
}

void StreamPool::give_up(WaitingTicket ticket) {
  metrics_.add(WorkerCell::connections_waiting, -1);
  waiting_.erase(ticket);
  show_first();
}

/// One that has tried servers in vain may have no use for a room that is there: nobody stands back for it.
void StreamPool::show_first() {
  const auto first = std::ranges::find_if(
      waiting_, [](const WaitingStream& waiter) { return waiter.waiter->job().tried.empty(); });
  shown_ = first == waiting_.end() ? std::nullopt : std::optional(first->since);
  line_.set_first(shown_);
}

void StreamPool::leave(const Placement& place, Instant now) {
  books_.close(place.reservation);
  line_.sign();
  hand_out(now);
}

/// There may be room: to our own first for as long as they are next, then to whoever is.
void StreamPool::hand_out(Instant now) {
  serve_waiting(now);
  const auto next = line_.next();
  if (next && *next != self_) bells_.ring(*next);
}

/// Whether anybody was given a place.
bool StreamPool::serve_waiting(Instant now) {
  bool served = false;
  for (auto next = waiting_.begin(); next != waiting_.end() && line_.is_turn(next->since);) {
    const auto at = next++;
    const bool choosy = !at->waiter->job().tried.empty();
    if (serve(at, now)) {
      served = true;
    } else if (!choosy) {
      break;
    }
  }
  return served;
}

/// False when it still waits.
bool StreamPool::serve(WaitingTicket ticket, Instant now) {
  StreamWaiter* const stream = ticket->waiter;
  if (!stream->here()) {
    give_up(ticket);
    stream->on_refused(CloseReason::left_waiting);
    return true;
  }
  const auto placed = pool().place_stream(stream->job(), now);
  const auto* place = std::get_if<Placement>(&placed);
  if (place == nullptr && std::get<NoPlace>(placed) == NoPlace::full) return false;
  give_up(ticket);
  if (place != nullptr) {
    stream->on_place(*place);
  } else {
    stream->on_refused(CloseReason::no_server);
  }
  return true;
}

/// Those whose end the loop has not told of yet; once a turn is enough.
void StreamPool::drop_gone(Instant now) {
  if (std::exchange(swept_at_, now) == now) return;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const auto at = next++;
    StreamWaiter* const waiter = at->waiter;
    if (waiter->here()) continue;
    give_up(at);
    waiter->on_refused(CloseReason::left_waiting);
  }
}

void StreamPool::tick(Instant now) {
  if (waiting_.empty()) return;
  const WaitingStream& first = waiting_.front();
  line_.look(!line_.is_turn(first.since) && pool().has_room(first.waiter->job(), now), now);
  if (serve_waiting(now)) hand_out(now);
  drop_late(now);
}

void StreamPool::drop_late(Instant now) {
  if (options_.queue_timeout <= 0ns) return;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const auto at = next++;
    if (now - at->queued_at < options_.queue_timeout) continue;
    StreamWaiter* const waiter = at->waiter;
    give_up(at);
    waiter->on_refused(CloseReason::queue_timeout);
  }
}

// --- what became of a place ---------------------------------------------------------------------------

void StreamPool::count_connected(const Placement& place, Nanos took, Instant now) {
  metrics_.add(place.reservation.server, ledger::ServerCell::connections);
  metrics_.latencies().stream(ledger::Latency::stream_connect, pool().options().row, took);
  if (const auto at = member(place)) pool().served(*at, took, now);
}

void StreamPool::count_ended(Nanos lifetime) {
  metrics_.latencies().stream(ledger::Latency::stream, pool().options().row, lifetime);
}

bool StreamPool::count_connect_failure(const Placement& place, Instant now) {
  metrics_.add(place.reservation.server, ledger::ServerCell::connect_failures);
  const auto at = member(place);
  if (!at) return false;
  pool().failed(*at, 0ns, now);
  if (now - told_of_[*at] < kTellAgain) return false;
  told_of_[*at] = now;
  return true;
}

void StreamPool::weigh(Placement& place, double load) {
  if (const auto at = member(place)) books_.weigh(place.reservation, pool().booked_load(*at, load));
}

}  // namespace finishline::worker
