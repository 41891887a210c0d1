// What may be changed over the admin server, and by whom: PUT /servers/NAME/state with {"state": "drain"} or
// {"state": "ready"}, PUT /pools/NAME/policy with {"policy": "regret"}, and the bearer token. Control
// process; no socket in here.
#pragma once

#include <string>
#include <utility>

#include "lb/control/health_checker.h"
#include "lb/control/policy_service.h"
#include "lb/http/message.h"

namespace finishline::control {

using http::HttpReply;
using http::HttpRequest;

class AdminApi {
 public:
  /// `token` "": nothing can be changed. All others outlive it.
  AdminApi(ledger::Ledger& ledger, HealthChecker& health, PolicyService& policies, std::string token);

  /// Another token from now on.
  void set_token(std::string token) { token_ = std::move(token); }

  /// The reply to PUT /servers/NAME/state: 200 with name, state and requests in flight; 400, 401, 403, 404.
  HttpReply set_state(const HttpRequest& request);
  /// The reply to PUT /pools/NAME/policy: 200 as get_policy() after the change; 400, 401, 403, 404.
  HttpReply set_policy(const HttpRequest& request);
  /// The reply to GET /pools/NAME/policy, which anybody may ask: 200 with pool, policy (what workers follow),
  /// chosen (what was asked for) and file (what the configuration says); 404.
  HttpReply get_policy(const HttpRequest& request) const;

  /// Status 200 when the request brings the token and may change something; else the reply to it: 401, 403.
  HttpReply refusal_of(const HttpRequest& request) const;

 private:
  ledger::Ledger& ledger_;
  HealthChecker& health_;
  PolicyService& policies_;
  std::string token_;
};

}  // namespace finishline::control
