// Work that has to be done on the loop and is too long for one turn: it is cut into steps, and each turn does
// as many of them as fit into a short time, so that streams wait no longer than that.
#pragma once

#include <deque>
#include <functional>

#include "lb/net/loop.h"
#include "lb/net/timer.h"

namespace finishline::net {

class TurnWork {
 public:
  /// One turn gives it so long, and the rest of its last step.
  static constexpr Nanos kPerTurn = 2ms;
  /// Does a small part. False: that was the last one.
  using Step = std::function<bool()>;

  explicit TurnWork(Loop& loop) : timer_(loop, [this] { take_turn(); }) {}

  /// Called again and again from the next turn on, until it returns false; what was added before comes
  /// before. A step may add others.
  void add(Step step);
  /// Calls `part` with 0, 1, ... below `count`, one step each.
  void add_each(std::size_t count, std::function<void(std::size_t)> part);
  bool empty() const { return steps_.empty(); }

 private:
  void take_turn();

  std::deque<Step> steps_;
  Timer timer_;
};

}  // namespace finishline::net
