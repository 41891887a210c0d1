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

  /// How a changed rule is kept, and the reply to who has changed it: `keys` as [alert.NAME] of a file has
  /// them, `answer` tells what is in force then. Without, a rule holds until the next configuration.
  using KeepRule = std::function<http::HttpReply(const std::string& name, const nlohmann::ordered_json& keys,
                                                 std::function<nlohmann::ordered_json()> answer)>;
  void set_keep_rule(KeepRule keep) { keep_rule_ = std::move(keep); }

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
  KeepRule keep_rule_;
};

}  // namespace finishline::control
