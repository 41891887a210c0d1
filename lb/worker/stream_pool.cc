#include "lb/worker/stream_pool.h"

#include <algorithm>
#include <utility>

namespace finishline::worker {

using ledger::CloseReason;
using ledger::WorkerCell;

namespace {

constexpr Nanos kTellAgain = 1s;

}  // namespace

StreamPool::StreamPool(Dispatcher& dispatcher, std::size_t position, const ledger::Ledger& ledger,
                       ledger::WorkerBooks& books, ledger::WorkerMetrics& metrics)
    : dispatcher_(dispatcher), position_(position), ledger_(ledger), books_(books), metrics_(metrics) {}

void StreamPool::renew(Options options, std::vector<Server> servers) {
  options_ = options;
  servers_ = std::move(servers);
  told_of_.assign(servers_.size(), {});
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

std::optional<StreamPool::Ticket> StreamPool::seek(Seeker& seeker, Instant now) {
  NoPlace why = NoPlace::full;
  if (waiting_.empty()) {  // else it would overtake those who wait
    const auto placed = pool().place_stream(seeker.job(), now);
    if (const auto* place = std::get_if<Placement>(&placed)) {
      seeker.on_place(*place);
      return std::nullopt;
    }
    why = std::get<NoPlace>(placed);
  }
  if (why == NoPlace::none || waiting_.size() >= options_.max_waiting) {
    seeker.on_refused(why == NoPlace::none ? CloseReason::no_server : CloseReason::queue_full);
    return std::nullopt;
  }
  metrics_.add(WorkerCell::connections_waiting);
  return waiting_.emplace(waiting_.end(), &seeker, now);
}

void StreamPool::give_up(Ticket ticket) {
  metrics_.add(WorkerCell::connections_waiting, -1);
  waiting_.erase(ticket);
}

void StreamPool::leave(const Placement& place, Instant now) {
  books_.close(place.reservation);
  serve_waiting(now);
}

void StreamPool::count_connected(const Placement& place, Nanos took, Instant now) {
  metrics_.add(place.reservation.server, ledger::ServerCell::connections);
  if (const auto at = member(place)) pool().served(*at, took, now);
}

bool StreamPool::count_connect_failure(const Placement& place, Instant now) {
  metrics_.add(place.reservation.server, ledger::ServerCell::connect_failures);
  const auto at = member(place);
  if (!at) return false;
  pool().failed(*at, now);
  if (now - told_of_[*at] < kTellAgain) return false;
  told_of_[*at] = now;
  return true;
}

void StreamPool::weigh(Placement& place, double load) {
  if (const auto at = member(place)) books_.weigh(place.reservation, pool().booked_load(*at, load));
}

void StreamPool::tick(Instant now) {
  serve_waiting(now);
  const Nanos most = options_.queue_timeout;
  while (most > 0ns && !waiting_.empty() && now - waiting_.front().second >= most) {
    Seeker* seeker = waiting_.front().first;
    give_up(waiting_.begin());
    seeker->on_refused(CloseReason::queue_timeout);
  }
}

void StreamPool::serve_waiting(Instant now) {
  while (!waiting_.empty()) {
    Seeker* first = waiting_.front().first;
    const auto placed = pool().place_stream(first->job(), now);
    const auto* place = std::get_if<Placement>(&placed);
    if (place == nullptr && std::get<NoPlace>(placed) == NoPlace::full) return;
    give_up(waiting_.begin());
    if (place != nullptr) {
      first->on_place(*place);
    } else {
      first->on_refused(CloseReason::no_server);
    }
  }
}

}  // namespace finishline::worker
