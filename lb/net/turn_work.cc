#include "lb/net/turn_work.h"

#include <utility>

namespace finishline::net {

void TurnWork::add(Step step) {
  steps_.push_back(std::move(step));
  if (!timer_.active()) timer_.start(0ns);
}

void TurnWork::add_each(std::size_t count, std::function<void(std::size_t)> part) {
  if (count == 0) return;
  add([at = std::size_t{0}, count, part = std::move(part)]() mutable {
    part(at);
    return ++at < count;
  });
}

void TurnWork::take_turn() {
  const Instant end = std::chrono::steady_clock::now() + kPerTurn;
  while (!steps_.empty() && std::chrono::steady_clock::now() < end)
    if (!steps_.front()()) steps_.pop_front();
  if (!steps_.empty()) timer_.start(0ns);
}

}  // namespace finishline::net
