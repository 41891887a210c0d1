// A page that is made once in a turn of the loop, however many ask for it in that turn: a crowd that asks for
// large pages costs one, and whoever waits behind it waits for one. Control process, on its loop.
#pragma once

#include <string>

#include "lb/net/loop.h"

namespace finishline::control {

class TurnPage {
 public:
  explicit TurnPage(net::Loop& loop) : loop_(loop) {}

  /// What `make` returns, or has returned in this turn.
  template <class Make>
  const std::string& made_by(Make make) {
    if (made_at_ != loop_.now()) {
      text_ = make();
      made_at_ = loop_.now();  // which making it may have moved on
    }
    return text_;
  }

 private:
  net::Loop& loop_;
  std::string text_;
  Instant made_at_{};
};

}  // namespace finishline::control
