// What the master orders a worker to do while it runs: to take another configuration, or to drain. Worker
// process.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "lb/net/timer.h"
#include "lb/process/order.h"

namespace finishline::worker {

class MasterOrders {
 public:
  struct Handlers {
    std::function<void(process::Order order)> on_change;
    std::function<void(const std::string& patience)> on_drain;  // in ns; "": as long as it takes
  };
  /// Reads from `fd` as long as the master lives; -1: there is none. The caller keeps the descriptor.
  MasterOrders(net::Loop& loop, int fd, Handlers handlers);

  /// Nobody else takes connections from this listener: what waits in it is lost unless it is taken.
  bool ends_with_us(const std::string& listener) const { return unlisten_.contains(listener); }

 private:
  void take_all();
  void obey(process::Order order);

  const int fd_;
  Handlers handlers_;
  std::set<std::string> unlisten_;  // names of listeners
  std::optional<net::Readable> readable_;
};

}  // namespace finishline::worker
