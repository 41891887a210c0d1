// The admin server: takes requests from each connection, gives the router's replies, and carries event
// streams. Control process, on its loop.
//
// Nobody locks operators out. Every connection is taken at once; when there are too many, the one goes that
// has been there longest without a whole request, and only if there is none, the one that has been reading
// its reply longest. An operator's request is there with his connection, or a turn of the loop later: he is
// answered before so many others have come that it would be his turn to go. So silent, slow and garbage
// clients cost a bounded number of small buffers for a bounded time, and each other their places; who does
// not read large pages loses them. Event streams are counted by themselves: however many pages are open,
// requests have their places. Whoever is refused or dropped is counted by the router's refusals.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "lb/http/event_stream.h"
#include "lb/http/router.h"
#include "lb/net/listener.h"
#include "lb/net/loop.h"
#include "lb/net/timer.h"

namespace finishline::tls {
class ServerContext;
}  // namespace finishline::tls

namespace finishline::http {

class HttpServer : private net::TcpListener::Events {
 public:
  struct Limits {
    std::size_t connections = 256;                      // more than are accepted in many turns of the loop
    std::size_t request_bytes = HttpRouter::kMostHead;  // of the head
    std::size_t bodies_bytes =
        8U << 20;           // of all requests that are being received; above it the largest goes
    Nanos head_age = 2s;    // from accept, or from a further request's first byte, to the whole of it
    Nanos age = 5s;         // from a reply to close
    Nanos idle_age = 30s;   // between requests
    Nanos reply_age = 60s;  // of a reply that comes later
    std::size_t unread_bytes = 64U << 20;    // of replies to all; above it the oldest of them are dropped
    std::size_t streams = 1200;              // event streams; who comes later is refused with 503
    std::size_t unread_events = 256 * 1024;  // of one event stream, beside one event; above it it is closed
    Nanos heartbeat = 15s;                   // of event streams
  };

  /// Serves connections of the listening socket `fd` (duplicated) while it lives. Takes the loop's turn-end
  /// hook. Loop and router outlive it.
  HttpServer(net::Loop& loop, int fd, HttpRouter& router) : HttpServer(loop, fd, router, Limits{}) {}
  HttpServer(net::Loop& loop, int fd, HttpRouter& router, const Limits& limits);
  /// Over TLS from the next connection on; `context` outlives this.
  void speak_tls(const tls::ServerContext& context) { tls_ = &context; }
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Of requests; event streams are not among them.
  std::size_t connections() const { return connections_.size(); }
  std::size_t streams() const { return streams_.size(); }

  /// Takes no more connections, ends event streams; calls `done`, now or later, when those that there are
  /// have been served.
  void finish(std::function<void()> done);

 private:
  class Connection;
  using Connections = std::vector<std::unique_ptr<Connection>>;

  void on_accept(net::TcpStream stream, const net::Address& peer) override;
  void on_accept_error(int error) override;
  void sort_out();
  void make_room();
  void drop_aged();
  Nanos most_age(const Connection& of) const;
  void drop_unread();
  void drop_largest_body();
  void beat_streams();

  net::Loop& loop_;
  HttpRouter& router_;
  const Limits limits_;
  const tls::ServerContext* tls_ = nullptr;  // none is spoken
  Connections connections_;                  // the oldest first
  Connections streams_;
  net::Timer age_check_;
  net::Timer heartbeat_;
  std::function<void()> finished_;
  std::optional<net::TcpListener> listener_;
};

}  // namespace finishline::http
