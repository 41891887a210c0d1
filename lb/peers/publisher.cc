#include "lb/peers/publisher.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lb/ledger/demand.h"

namespace finishline::peers {

Publisher::Publisher(net::Loop& loop, ledger::Ledger& ledger, const Directory& directory, PeerEngine& engine,
                     Seats& seats, Options options)
    : loop_(loop),
      ledger_(ledger),
      directory_(directory),
      engine_(engine),
      seats_(seats),
      interval_(options.interval),
      view_(std::move(options.name), options.epoch),
      sleep_(ledger),
      next_(loop, [this] { publish(); }) {}

namespace {

/// Calls, and what is to be called for, are not to wait; a storm of reports is nobody's gain.
constexpr Nanos kSeatInterval = 250us;

Nanos pace_of(Nanos interval, const Seats& seats) {
  return seats.any() ? std::min(interval, kSeatInterval) : interval;
}

}  // namespace

void Publisher::follow_directory(Nanos interval) {
  interval_ = interval;
  std::vector<std::uint64_t> servers, lanes;
  for (const Directory::Server& server : directory_.servers) servers.push_back(server.key);
  for (const Directory::Lane& lane : directory_.lanes) lanes.push_back(lane.key);
  view_.move_to(servers, lanes);
  begin_anew();
}

void Publisher::wake() {
  if (next_.active()) return;
  const Instant due = looked_at_ + pace_of(interval_, seats_);
  if (due <= loop_.fresh_now()) return publish();
  next_.start_at(due);
}

void Publisher::look(Instant now) {
  if (now - said_at_ >= kHeartbeat - 5ms || (full_wanted_ && full_is_due(now))) publish();
}

bool Publisher::full_is_due(Instant now) const {
  return full_due_ || (full_wanted_ && now - full_at_ >= kFullAtMost) || now - full_at_ >= kFull;
}

/// While there are news it comes again by itself; once there are none, a change wakes it.
void Publisher::publish() {
  if (!engine_.takes()) return begin_anew();
  const Instant now = loop_.fresh_now();
  looked_at_ = now;
  const bool full = full_is_due(now);
  if (full) {
    full_due_ = full_wanted_ = false;
    full_at_ = now;
  }
  view_.begin(full);
  look_at_books(now);
  if (!view_.news()) {
    sleep_.fall_asleep();
    look_at_books(now);
  }
  const bool news = view_.news();
  if (news || now - said_at_ >= kHeartbeat - 5ms) say(view_.take(), now);
  if (news) next_.start_at(now + pace_of(interval_, seats_));
}

void Publisher::look_at_books(Instant now) {
  if (seats_.any()) view_.call(seats_.new_calls(now));
  for (std::size_t i = 0; i < directory_.servers.size(); ++i)
    view_.look_at(i, directory_.servers[i].key, own_work(ledger_, directory_.servers[i].id), now);
  ledger::PoolId pool = ledger::kSharingPools;
  std::uint64_t waiting = 0;
  for (std::size_t i = 0; i < directory_.lanes.size(); ++i) {
    const Directory::Lane& lane = directory_.lanes[i];
    if (lane.pool != pool) waiting = own_waiting_types(ledger_, pool = lane.pool);
    const bool any = (waiting >> lane.type & 1) != 0;
    view_.look_at_lane(
        i, lane.key, any ? own_lane(ledger_, lane.pool, lane.type) : sched::WaitLane{.type = lane.type}, now);
  }
}

void Publisher::say(Report report, Instant now) {
  report.wants_full = asks_;
  if (!report.leaving) report.seats = seats_.held(now);
  said_at_ = now;
  said_[report.sequence % kRemembered] = {report.sequence, now};
  const std::string bytes = encode(report);
  count_sent(ledger_, bytes.size());
  engine_.say(bytes);
}

void Publisher::leave() {
  if (!engine_.takes()) return;
  view_.begin(true);
  Report report = view_.take();
  report.leaving = true;
  say(std::move(report), loop_.fresh_now());
}

Nanos Publisher::lag_of(std::uint32_t sequence, Instant now) const {
  const Said& it = said_[sequence % kRemembered];
  return now - (it.sequence == sequence ? it.at : std::ranges::min(said_, {}, &Said::at).at);
}

}  // namespace finishline::peers
