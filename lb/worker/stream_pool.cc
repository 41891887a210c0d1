#include "lb/worker/stream_pool.h"

#include <utility>

namespace finishline::worker {

using ledger::CloseReason;
using ledger::WorkerCell;

namespace {

constexpr Nanos kTellAgain = 1s;

}  // namespace

StreamPool::StreamPool(Options options, Pool& pool, std::vector<Server> servers, ledger::WorkerBooks& books,
                       ledger::WorkerMetrics& metrics)
    : options_(options),
      pool_(pool),
      servers_(std::move(servers)),
      told_of_(servers_.size()),
      books_(books),
      metrics_(metrics) {}

std::optional<StreamPool::Ticket> StreamPool::seek(Seeker& seeker, Instant now) {
  NoPlace why = NoPlace::full;
  if (waiting_.empty()) {  // else it would overtake those who wait
    const auto placed = pool_.place_stream(seeker.job(), now);
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
  pool_.served(place.member, took, now);
}

bool StreamPool::count_connect_failure(const Placement& place, Instant now) {
  pool_.failed(place.member, now);
  metrics_.add(place.reservation.server, ledger::ServerCell::connect_failures);
  Instant& told = told_of_[place.member];
  if (now - told < kTellAgain) return false;
  told = now;
  return true;
}

void StreamPool::weigh(Placement& place, double load) {
  books_.weigh(place.reservation, pool_.booked_load(place.member, load));
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
    const auto placed = pool_.place_stream(first->job(), now);
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
