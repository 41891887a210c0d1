// The admin server: takes a request from each connection, gives the router's reply, closes. Control process,
// on its loop.
//
// Nobody locks operators out. Every connection is taken at once; when there are too many, the one goes that
// has been there longest without a whole request, and only if there is none, the one that has been reading
// its reply longest. An operator's request is there with his connection, or a turn of the loop later: he is
// answered before so many others have come that it would be his turn to go. So silent, slow and garbage
// clients cost a bounded number of small buffers for a bounded time, and each other their places; who does
// not read large pages loses them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "lb/control/http_router.h"
#include "lb/net/listener.h"
#include "lb/net/loop.h"
#include "lb/net/timer.h"

namespace finishline::control {

class AdminHttp : private net::TcpListener::Events {
 public:
  struct Limits {
    std::size_t connections = 256;          // more than are accepted in many turns of the loop
    std::size_t request_bytes = 16 * 1024;  // of the head
    Nanos head_age = 2s;                    // from accept to the whole request
    Nanos age = 5s;                         // from accept to close
    std::size_t unread_bytes = 64U << 20;   // of replies to all; above it the oldest of them are dropped
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

  void on_accept(net::TcpStream stream, const net::Address& peer) override;
  void on_accept_error(int error) override;
  void make_room();
  void drop_finished();
  void drop_aged();
  void drop_unread();

  net::Loop& loop_;
  HttpRouter& router_;
  const Limits limits_;
  std::vector<std::unique_ptr<Connection>> connections_;  // the oldest first
  net::Timer age_check_;
  std::function<void()> finished_;
  std::optional<net::TcpListener> listener_;
};

}  // namespace finishline::control
