#include "lb/sched/health_state.h"

#include <algorithm>
#include <utility>

namespace finishline::sched {

// --- checks ------------------------------------------------------------------------------------------

void Checks::step(bool passed, const HealthOptions& options) {
  if (passed == up()) {  // what was expected: a doubt, if there was one, is over
    state_ = passed ? State::up : State::down;
    in_a_row_ = 0;
    return;
  }
  const std::uint32_t enough = passed ? options.rise : options.fall;
  if (++in_a_row_ < enough) {
    state_ = passed ? State::recovering : State::suspect;
    return;
  }
  state_ = passed ? State::up : State::down;
  in_a_row_ = 0;
}

// --- breaker -----------------------------------------------------------------------------------------

bool Breaker::count(const Experience& seen, const HealthOptions& options, Instant now) {
  if (seen.served == 0 && seen.failed == 0) return false;
  judged_ += static_cast<double>(seen.served + seen.failed);
  failed_ += static_cast<double>(seen.failed);
  if (fails_too_often(options)) return true;
  if (const double fade = kJudged / judged_; fade < 1) judged_ *= fade, failed_ *= fade;
  if (seen.served >= seen.failed) {
    failed_in_a_row_ = 0;
    return false;
  }
  failed_in_a_row_ += seen.failed;
  calm_since_ = now;
  return options.eject_after > 0 && failed_in_a_row_ >= options.eject_after;
}

bool Breaker::fails_too_often(const HealthOptions& options) const {
  return options.eject_over > 0 && options.eject_after > 0 && judged_ >= kJudged &&
         failed_ > options.eject_over * judged_;
}

void Breaker::open(const HealthOptions& options, double unit, Instant now) {
  const auto span = static_cast<double>((options.eject_time * (1LL << doublings_)).count());
  open_until_ = now + Nanos(static_cast<Nanos::rep>(span * (1 + unit * kStretch)));
  doublings_ = std::min(doublings_ + 1, kMostDoublings);
  state_ = State::open;
  failed_in_a_row_ = 0;
  judged_ = failed_ = 0;
}

void Breaker::close(Instant now) {
  state_ = State::closed;
  failed_in_a_row_ = 0;
  judged_ = failed_ = 0;
  calm_since_ = now;
}

void Breaker::go_on(const HealthNotes& notes, const HealthOptions& options, Instant now) {
  const bool was_open = notes.breaker_state != static_cast<std::uint8_t>(State::closed);
  if (state_ == State::open && !was_open) return;  // the notes do not say why
  if (was_open) state_ = State::open;
  failed_in_a_row_ = std::max<std::int64_t>(notes.failed_in_a_row, 0);
  doublings_ = std::min(notes.doublings, kMostDoublings);
  const auto longest =
      static_cast<double>((options.eject_time * (1LL << doublings_)).count()) * (1 + kStretch);
  open_until_ = std::min(notes.open_until, now + Nanos(static_cast<Nanos::rep>(longest)));
  calm_since_ = std::min(notes.calm_since, now);
}

void Breaker::note(HealthNotes& notes) const {
  notes.breaker_state = static_cast<std::uint8_t>(state_);
  notes.failed_in_a_row = failed_in_a_row_;
  notes.doublings = doublings_;
  notes.open_until = open_until_;
  notes.calm_since = calm_since_;
}

void Breaker::judge_trial(const Experience& seen, const HealthOptions& options, double unit, Instant now) {
  if (seen.failed > 0) return open(options, unit, now);
  if (seen.served > 0) return close(now);
  if (!seen.trial_gone) {
    trial_since_ = now;
  } else if (now - trial_since_ >= kTrialPatience) {
    allow_trial(now);
  }
}

void Breaker::tick(const HealthOptions& options, Instant now) {
  if (state_ == State::open && now >= open_until_) allow_trial(now);
  const Nanos rest = std::max<Nanos>(options.eject_time * kDecay, 1ns);
  while (state_ == State::closed && doublings_ > 0 && now - calm_since_ >= rest) {
    --doublings_;
    calm_since_ += rest;
  }
}

void Breaker::allow_trial(Instant now) {
  state_ = State::half_open;
  trial_since_ = now;
  ++trials_;
}

// --- one server --------------------------------------------------------------------------------------

ServerHealth::ServerHealth(Health first, const HealthOptions& options, Instant now)
    : checks_(first == Health::down ? Checks::State::down : Checks::State::up) {
  if (first == Health::ejected || first == Health::half_open) breaker_.open(options, 0, now);
  if (first == Health::slow_start) begin_slow_start(options, now);
}

ServerHealth::ServerHealth(Health first, const HealthNotes& notes, const HealthOptions& options, Instant now)
    : ServerHealth(first, options, now) {
  const Checks noted(static_cast<Checks::State>(notes.check_state & 3U), notes.checks_in_a_row);
  if (noted.up() == checks_.up()) checks_ = noted;
  breaker_.go_on(notes, options, now);
  if (slow_) back_since_ = std::min(notes.back_since, now);
}

HealthNotes ServerHealth::notes() const {
  HealthNotes notes;
  notes.check_state = static_cast<std::uint8_t>(checks_.state());
  notes.checks_in_a_row = checks_.in_a_row();
  breaker_.note(notes);
  notes.back_since = back_since_;
  return notes;
}

Health ServerHealth::health() const {
  if (!checks_.up()) return Health::down;
  if (breaker_.state() == Breaker::State::open) return Health::ejected;
  if (breaker_.state() == Breaker::State::half_open) return Health::half_open;
  return slow_ ? Health::slow_start : Health::up;
}

double ServerHealth::share(const HealthOptions& options, Instant now) const {
  if (!slow_) return 1;
  const double grown = to_seconds(now - back_since_) / to_seconds(options.slow_start);
  return std::clamp(grown, kFirstShare, 1.0);
}

void ServerHealth::begin_slow_start(const HealthOptions& options, Instant now) {
  slow_ = options.slow_start > 0ns;
  back_since_ = now;
}

// --- a pool ------------------------------------------------------------------------------------------

PoolHealth::PoolHealth(const HealthOptions& options, std::span<const Health> first, std::uint64_t seed,
                       Instant now)
    : options_(options), held_back_(first.size(), 0), vacant_(first.size(), 0), random_(seed) {
  for (const Health health : first) servers_.emplace_back(health, options_, now);
  keep_one(now);
}

PoolHealth::PoolHealth(const HealthOptions& options, std::vector<ServerHealth> servers, std::uint64_t seed,
                       Instant now)
    : options_(options),
      servers_(std::move(servers)),
      held_back_(servers_.size(), 0),
      vacant_(servers_.size(), 0),
      random_(seed) {
  keep_one(now);
}

void PoolHealth::checked(std::size_t server, bool passed, Instant now) {
  ServerHealth& it = servers_[server];
  const bool was_up = it.checks_.up();
  it.checks_.step(passed, options_);
  if (it.checks_.up() && !was_up) it.begin_slow_start(options_, now);
  keep_one(now);
}

void PoolHealth::experienced(std::size_t server, const Experience& seen, Instant now) {
  ServerHealth& it = servers_[server];
  if (it.health() == Health::half_open) {
    it.breaker_.judge_trial(seen, options_, random_.unit(), now);
    if (it.breaker_.state() == Breaker::State::closed) it.begin_slow_start(options_, now);
  } else if (it.takes_work() && it.breaker_.count(seen, options_, now) && may_eject(server)) {
    it.breaker_.open(options_, random_.unit(), now);
  }
  keep_one(now);
}

void PoolHealth::hold_back(std::size_t server, bool held, Instant now) {
  held_back_[server] = held ? 1 : 0;
  keep_one(now);
}

void PoolHealth::vacate(std::size_t server, Instant now) {
  servers_[server] = ServerHealth(Health::up, options_, now);
  vacant_[server] = 1;
  keep_one(now);
}

void PoolHealth::occupy(std::size_t server, Health first, Instant now) {
  servers_[server] = ServerHealth(first, options_, now);
  vacant_[server] = 0;
}

std::size_t PoolHealth::occupied() const { return static_cast<std::size_t>(std::ranges::count(vacant_, 0)); }

void PoolHealth::tick(Instant now) {
  for (ServerHealth& server : servers_) {
    server.breaker_.tick(options_, now);
    if (server.slow_ && server.share(options_, now) >= 1) server.slow_ = false;
  }
}

bool PoolHealth::usable(std::size_t server) const {
  return held_back_[server] == 0 && vacant_[server] == 0 && servers_[server].takes_work();
}

std::size_t PoolHealth::ejected() const {
  return static_cast<std::size_t>(std::count_if(
      servers_.begin(), servers_.end(),
      [](const ServerHealth& server) { return server.breaker_.state() != Breaker::State::closed; }));
}

bool PoolHealth::may_eject(std::size_t server) const {
  if (static_cast<double>(ejected() + 1) > options_.max_ejected * static_cast<double>(occupied()))
    return false;
  for (std::size_t other = 0; other < size(); ++other)
    if (other != server && usable(other)) return true;
  return false;
}

/// A server that fails is better than none: when the others have gone, too, the one whose back-off ends
/// first is taken back.
void PoolHealth::keep_one(Instant now) {
  ServerHealth* first = nullptr;
  for (std::size_t i = 0; i < size(); ++i) {
    if (usable(i)) return;
    ServerHealth& it = servers_[i];
    if (held_back_[i] != 0 || vacant_[i] != 0 || !it.checks_.up()) continue;
    if (first == nullptr || it.breaker_.open_until() < first->breaker_.open_until()) first = &it;
  }
  if (first != nullptr) first->breaker_.close(now);
}

}  // namespace finishline::sched
