#include "servers/admin.h"

#include <utility>

namespace finishline::server {

using http::HttpReply;
using http::HttpRequest;

Admin::Admin(net::Loop& loop, int listening_fd, const Options& options, std::function<ServerStatus()> status)
    : status_(std::move(status)), http_(loop, listening_fd, router_) {
  add_routes(options);
}

void Admin::add_routes(const Options& options) {
  router_.get("/", [this](const HttpRequest&) {
    return HttpReply{200, "text/plain", sentence_of(status_())};
  });
  router_.get("/health", [this](const HttpRequest&) {
    return status_().draining ? HttpReply{503, "text/plain", "draining\n"}
                              : HttpReply{200, "text/plain", "ok\n"};
  });
  router_.get("/metrics", [this](const HttpRequest&) {
    return HttpReply{200, "text/plain; version=0.0.4; charset=utf-8", metrics_of(status_())};
  });
  router_.get("/api/data", [&options](const HttpRequest&) {
    return HttpReply{200, "application/json", data_of(options)};
  });
}

}  // namespace finishline::server
