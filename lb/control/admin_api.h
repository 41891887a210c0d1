// What may be changed over the admin server: PUT /servers/NAME/state with {"state": "drain"} or
// {"state": "ready"}, PUT /pools/NAME/policy with {"policy": "regret"}. Who may is access.h's business.
// Control process; no socket in here.
#pragma once

#include <string>

#include "lb/control/health_checker.h"
#include "lb/control/kept_orders.h"
#include "lb/control/policy_service.h"
#include "lb/http/message.h"

namespace finishline::control {

using http::HttpReply;
using http::HttpRequest;

class AdminApi {
 public:
  /// All outlive it.
  AdminApi(ledger::Ledger& ledger, HealthChecker& health, PolicyService& policies);

  /// The reply to PUT /servers/NAME/state: 200 with name, state, requests in flight or
  /// streams open (in_flight, of what it carries), and why a restart forgets it where that is so; 400, 404.
  HttpReply set_state(const HttpRequest& request);
  /// The reply to PUT /pools/NAME/policy: 200 as get_policy() after the change; 400, 404.
  HttpReply set_policy(const HttpRequest& request);
  /// The reply to GET /pools/NAME/policy, 200 with pool, policy (what workers follow),
  /// chosen (what was asked for) and file (what the configuration says); 404.
  HttpReply get_policy(const HttpRequest& request) const;

  /// What is ordered is kept there from now on; it outlives this.
  void keep_in(KeptOrders& kept) { kept_ = &kept; }
  /// Servers that drain, and policies that are not the file's: see KeptOrders::in_force(). Empty without one.
  nlohmann::ordered_json in_force() const;
  /// As the file says again: no server drains by order, and pools follow their policies.
  void take_back();
  /// Whether a restart will know what is ordered now: by the file of proxy.state_dir, or from redis.
  bool survives();
  /// Why the last survives() said no; "" where it said yes.
  std::string why_not_kept() const;

  /// Carries out what operators of other proxies have ordered since the last time.
  void obey_others();

 private:
  ledger::Ledger& ledger_;
  HealthChecker& health_;
  PolicyService& policies_;
  KeptOrders* kept_ = nullptr;  // nothing is kept
};

}  // namespace finishline::control
