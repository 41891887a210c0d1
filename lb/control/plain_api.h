// The plain paths that people try first, outside of /api/v1: /servers, /algorithm, /request. Control process.
#pragma once

#include <functional>
#include <string>

#include "lb/control/admin_api.h"
#include "lb/control/observer.h"
#include "lb/control/request_sender.h"
#include "lb/http/router.h"

namespace finishline::control {

class PlainApi {
 public:
  /// All outlive it.
  PlainApi(net::Loop& loop, Observer& observer, AdminApi& orders)
      : observer_(observer), orders_(orders), sender_(loop) {}

  /// The router outlives this.
  void add_routes(http::HttpRouter& router);

 private:
  HttpReply servers() const;
  HttpReply algorithms() const;
  HttpReply set_algorithm(const HttpRequest& request);
  HttpReply send_request(const HttpRequest& request);
  std::string server_named(std::uint32_t number) const;

  Observer& observer_;
  AdminApi& orders_;
  RequestSender sender_;
};

}  // namespace finishline::control
