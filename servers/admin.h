// The HTTP address of a server: how it is, for people, probes and Prometheus. On the server's loop; it
// answers in whole pages, and holds little for a bounded time, whoever asks (lb/http/server.h).
//
//   /          a sentence            /metrics    text for Prometheus
//   /health    200, or 503: draining  /api/data   sample data, JSON
#pragma once

#include <functional>

#include "lb/http/server.h"
#include "servers/status.h"

namespace finishline::server {

class Admin {
 public:
  /// On `listening_fd`, which stays the caller's. Takes the loop's turn-end hook. `status` is called for each
  /// page; loop and options outlive it.
  Admin(net::Loop& loop, int listening_fd, const Options& options, std::function<ServerStatus()> status);

 private:
  void add_routes(const Options& options);

  std::function<ServerStatus()> status_;
  http::HttpRouter router_;
  http::HttpServer http_;
};

}  // namespace finishline::server
