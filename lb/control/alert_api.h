// The API of alerts, rules and silences: /api/v1/alerts, /api/v1/silences, /api/v1/alert-rules. JSON. Control
// process; no socket in here.
#pragma once

#include "lb/control/access.h"
#include "lb/control/alert_service.h"
#include "lb/http/router.h"
#include "lb/net/loop.h"

namespace finishline::control {

class AlertApi {
 public:
  /// All outlive it. `mark` tells the page of a change.
  AlertApi(net::Loop& loop, AlertService& alerts, Access& access, std::function<void(std::string)> mark)
      : loop_(loop), alerts_(alerts), access_(access), mark_(std::move(mark)) {}

  /// The router outlives this.
  void add_routes(http::HttpRouter& router);

 private:
  http::HttpReply list(const http::HttpRequest& request);
  http::HttpReply acknowledge(const http::HttpRequest& request);
  http::HttpReply add_silence(const http::HttpRequest& request);
  http::HttpReply end_silence(const http::HttpRequest& request);
  http::HttpReply change_rule(const http::HttpRequest& request);
  std::string who(const http::HttpRequest& request);

  net::Loop& loop_;
  AlertService& alerts_;
  Access& access_;
  std::function<void(std::string)> mark_;
};

}  // namespace finishline::control
