#include "lb/master/watchdog.h"

#include <algorithm>
#include <utility>

namespace finishline::master {

void Watchdog::look(Nanos patience, Instant now) {
  patience_ = patience;
  const Nanos since = now - std::exchange(looked_at_, now);
  passed_ = std::min(since, 2 * look_interval(patience));
  std::erase_if(hearts_, [this](const auto& heart) { return heart.second.round != round_; });  // it has ended
  ++round_;
}

bool Watchdog::stalled(pid_t child, Instant heartbeat_at) {
  Heart& heart = hearts_[child];
  const bool beats = heart.round == 0 || heart.beat_at != heartbeat_at;
  heart = {heartbeat_at, beats ? 0ns : heart.silent + passed_, round_};
  if (heart.silent < patience_) return false;
  heart.silent = 0ns;
  return true;
}

}  // namespace finishline::master
