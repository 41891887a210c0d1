// One request through the balancer's own listener, as any client sends it: where it went, and how long it
// took. Control process, on its loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lb/net/loop.h"
#include "lb/net/stream.h"
#include "lb/net/timer.h"
#include "proto/frame.h"

namespace finishline::control {

class RequestSender {
 public:
  static constexpr Nanos kPatience = 30s;
  static constexpr std::size_t kMost = 16;  // under way at a time

  explicit RequestSender(net::Loop& loop);
  ~RequestSender();
  RequestSender(const RequestSender&) = delete;
  RequestSender& operator=(const RequestSender&) = delete;

  struct Sent {
    std::string failure{};  // why there is no reply; "": there is one
    proto::FrameHeader reply{};
    Nanos took{};  // from before the connection to the whole reply
  };
  /// `done` is called once, from the loop. False when there are too many already.
  bool send(const net::Address& listener, const proto::FrameHeader& request,
            std::function<void(const Sent&)> done);

 private:
  class Trip;

  void forget_ended();

  net::Loop& loop_;
  std::vector<std::unique_ptr<Trip>> trips_;
};

}  // namespace finishline::control
