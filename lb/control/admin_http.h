// The admin server: takes a request from each connection, gives the router's reply, closes. Control process,
// on its loop. Slow, silent or garbage clients cost a bounded number of small buffers for a bounded time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "lb/control/http_router.h"
#include "lb/net/loop.h"
#include "lb/net/listener.h"
#include "lb/net/timer.h"

namespace finishline::control {

class AdminHttp : private net::TcpListener::Events {
 public:
  struct Limits {
    std::size_t connections = 64;           // more wait in the kernel's queue
    std::size_t request_bytes = 16 * 1024;  // of the head
    Nanos age = 5s;                         // of a connection, from accept to close
  };

  /// Serves connections of the listening socket `fd` (duplicated) while it lives. Takes the loop's turn-end
  /// hook. Loop and router outlive it.
  AdminHttp(net::Loop& loop, int fd, HttpRouter& router) : AdminHttp(loop, fd, router, Limits{}) {}
  AdminHttp(net::Loop& loop, int fd, HttpRouter& router, const Limits& limits);
  ~AdminHttp();
  AdminHttp(const AdminHttp&) = delete;
  AdminHttp& operator=(const AdminHttp&) = delete;

  std::size_t connections() const { return connections_.size(); }

  /// Takes no more connections; calls `done`, now or later, when those that there are have been served.
  void finish(std::function<void()> done);

 private:
  class Connection;

  net::Accept may_accept() override {
    return connections_.size() < limits_.connections ? net::Accept::yes : net::Accept::later;
  }
  void on_accept(net::TcpStream stream, const net::Address& peer) override;
  void on_accept_error(int error) override;
  void drop_finished();
  void drop_aged();

  net::Loop& loop_;
  HttpRouter& router_;
  const Limits limits_;
  std::vector<std::unique_ptr<Connection>> connections_;
  net::Timer age_check_;
  std::function<void()> finished_;
  std::optional<net::TcpListener> listener_;
};

}  // namespace finishline::control
