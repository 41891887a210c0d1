#include "lb/worker/resting_listeners.h"

#include <algorithm>

namespace finishline::worker {

RestingListeners::RestingListeners(net::Loop& loop, ledger::Ledger& ledger, ledger::WorkerId self,
                                   const process::Doorbells& bells)
    : loop_(loop), self_(self), bells_(bells), line_(ledger, ledger::kAcceptLine, self), alarm_(loop, [this] {
        look();
      }) {}

bool RestingListeners::rest(Listener& listener) {
  const Instant now = loop_.now();
  if (resting_.empty()) since_ = now;
  resting_.push_back(&listener);
  show();
  if (const auto room = listener.room_at(now); room && *room <= now) {
    forget(listener);
    return false;
  }
  set_alarm();
  return true;
}

void RestingListeners::forget(Listener& listener) {
  std::erase(resting_, &listener);
  show();
  set_alarm();
}

void RestingListeners::room_made() {
  line_.sign();
  look();
  const auto next = line_.next();
  if (next && *next != self_) bells_.ring(*next);
}

void RestingListeners::on_bell() {
  if (resting_.empty()) return;
  if (!resume_those_with_room()) {
    since_ = loop_.now();  // it was for nothing: another time others are asked first
    return show();
  }
  const auto next = line_.next();
  if (next && *next != self_) bells_.ring(*next);
}

void RestingListeners::look() {
  if (!resting_.empty()) resume_those_with_room();
}

/// Whether there were any.
bool RestingListeners::resume_those_with_room() {
  const Instant now = loop_.now();
  const auto awake = std::ranges::partition(resting_, [now](Listener* listener) {
    const auto room = listener->room_at(now);
    return !room || *room > now;
  });
  const std::vector<Listener*> with_room(awake.begin(), awake.end());
  resting_.erase(awake.begin(), awake.end());
  for (Listener* listener : with_room) listener->resume();
  show();
  set_alarm();
  return !with_room.empty();
}

void RestingListeners::show() { line_.set_first(resting_.empty() ? std::nullopt : std::optional(since_)); }

void RestingListeners::set_alarm() {
  if (resting_.empty()) return alarm_.stop();
  const Instant now = loop_.now();
  Instant at = now + kSafetyNet;
  for (Listener* listener : resting_) at = std::min(at, listener->room_at(now).value_or(at));
  alarm_.start_at(at);
}

}  // namespace finishline::worker
