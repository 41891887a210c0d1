// What may be changed over the admin server, and by whom: PUT /servers/NAME/state with {"state": "drain"} or
// {"state": "ready"}, and the bearer token. Control process; no socket in here.
#pragma once

#include <string>

#include "lb/control/health_checker.h"
#include "lb/control/http_router.h"

namespace finishline::control {

class AdminOrders {
 public:
  /// `token` "": nothing can be changed. Ledger and health checker outlive it.
  AdminOrders(ledger::Ledger& ledger, HealthChecker& health, std::string token);

  /// The reply to PUT /servers/NAME/state: 200 with name, state and requests in flight; 400, 401, 403, 404.
  HttpReply set_state(const HttpRequest& request);

  /// Status 200 when the request brings the token and may change something; else the reply to it: 401, 403.
  HttpReply refusal_of(const HttpRequest& request) const;

 private:
  ledger::Ledger& ledger_;
  HealthChecker& health_;
  std::string token_;
};

}  // namespace finishline::control
