// A reply that is not there when the handler returns: the handler hands one of these out, and gives the reply
// when it has it. One loop; no thread.
#pragma once

#include <functional>
#include <optional>

#include "lb/http/message.h"

namespace finishline::http {

class LaterReply {
 public:
  /// The first one counts.
  void give(HttpReply reply) {
    if (given_) return;
    given_ = true;
    if (watch_) watch_(reply);
    if (taker_) return taker_(std::move(reply));
    reply_ = std::move(reply);
  }
  /// Told of the reply before it is taken: now, if it is there.
  void watch(std::function<void(const HttpReply&)> watcher) {
    if (reply_) return watcher(*reply_);
    watch_ = std::move(watcher);
  }
  /// Called with the reply: now, if it is there, or by give(). An empty one: nobody waits any more.
  void take(std::function<void(HttpReply)> taker) {
    if (reply_ && taker) {
      taker(std::move(*reply_));
      reply_.reset();
    } else {
      taker_ = std::move(taker);
    }
  }

 private:
  bool given_ = false;
  std::optional<HttpReply> reply_;
  std::function<void(const HttpReply&)> watch_;
  std::function<void(HttpReply)> taker_;
};

}  // namespace finishline::http
