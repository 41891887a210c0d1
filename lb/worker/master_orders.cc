#include "lb/worker/master_orders.h"

#include <sstream>
#include <utility>

#include "lb/log/access_log.h"
#include "lb/log/log.h"

namespace finishline::worker {
namespace {

std::set<std::string> lines_of(const std::string& text) {
  std::set<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.insert(line);
  return lines;
}

void go_on_in(process::Order::Kind log, int file) {
  log == process::Order::Kind::access ? log::continue_access_log_in(file) : log::continue_in(file);
}

}  // namespace

MasterOrders::MasterOrders(net::Loop& loop, int fd, Handlers handlers)
    : fd_(fd), handlers_(std::move(handlers)) {
  if (fd >= 0) readable_.emplace(loop, fd, [this] { take_all(); });
}

void MasterOrders::take_all() {
  for (;;) {
    process::Received received = process::receive_order(fd_);
    if (received.ended) readable_.reset();
    if (!received.order) return;
    if (received.file) go_on_in(received.order->kind, received.file.release());
    obey(std::move(*received.order));
  }
}

void MasterOrders::obey(process::Order order) {
  switch (order.kind) {
    case process::Order::Kind::change:
      return handlers_.on_change(std::move(order));
    case process::Order::Kind::unlisten:
      unlisten_ = lines_of(order.text);
      return;
    case process::Order::Kind::drain:
      return handlers_.on_drain(order.text);
    default:
      return;  // the others are not for workers
  }
}

}  // namespace finishline::worker
