// The admin server: takes a request from each connection, gives the router's reply, closes. Control process,
// on its loop. Slow, silent or garbage clients cost a bounded number of small buffers for a bounded time.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "lb/control/http_router.h"
#include "lb/net/loop.h"
#include "lb/net/stream.h"
#include "lb/net/timer.h"

namespace finishline::control {

class AdminHttp : private net::TcpListener::Events {
 public:
  static constexpr std::size_t kMaxConnections = 64;  // more wait in the kernel's queue
  static constexpr std::size_t kMaxRequest = 16 * 1024;
  static constexpr Nanos kMaxAge = 5s;  // of a connection, from accept to close

  /// Serves connections of the listening socket `fd` (duplicated) while it lives. Takes the loop's turn-end
  /// hook. Loop and router outlive it.
  AdminHttp(net::Loop& loop, int fd, HttpRouter& router);
  ~AdminHttp();
  AdminHttp(const AdminHttp&) = delete;
  AdminHttp& operator=(const AdminHttp&) = delete;

  std::size_t connections() const { return connections_.size(); }

 private:
  class Connection;

  bool may_accept() override { return connections_.size() < kMaxConnections; }
  void on_accept(net::TcpStream stream, const net::Address& peer) override;
  void on_accept_error(int error) override;
  void drop_finished();
  void drop_aged();

  net::Loop& loop_;
  HttpRouter& router_;
  std::vector<std::unique_ptr<Connection>> connections_;
  net::Timer age_check_;
  net::TcpListener listener_;
};

}  // namespace finishline::control
