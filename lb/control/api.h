// The API under /api/v1: what is, what was, and who asks. JSON; described by lb/doc/reference/openapi.json.
// Control process; no socket in here.
#pragma once

#include <functional>

#include "lb/control/access.h"
#include "lb/control/admin_api.h"
#include "lb/control/explain.h"
#include "lb/control/observer.h"
#include "lb/control/reload_service.h"
#include "lb/http/router.h"
#include "lb/net/loop.h"

namespace finishline::control {

class Api {
 public:
  /// All outlive it.
  Api(net::Loop& loop, Observer& observer, Access& access, AdminApi& orders, ReloadService& reloads,
      Explain& explain)
      : loop_(loop),
        observer_(observer),
        access_(access),
        orders_(orders),
        reloads_(reloads),
        explain_(explain) {}

  /// The router outlives this.
  void add_routes(http::HttpRouter& router);

 private:
  HttpReply me(const HttpRequest& request);
  HttpReply part(const char* name) const;
  HttpReply one(const char* list, const HttpRequest& request) const;
  HttpReply series(const HttpRequest& request) const;
  HttpReply heatmap(const HttpRequest& request) const;
  HttpReply decisions(const HttpRequest& request);
  HttpReply events(const HttpRequest& request) const;
  HttpReply set_state(const HttpRequest& request);
  HttpReply set_policy(const HttpRequest& request);

  net::Loop& loop_;
  Observer& observer_;
  Access& access_;
  AdminApi& orders_;
  ReloadService& reloads_;
  Explain& explain_;
};

/// The role that a request has to have. Whether somebody is alive anybody may ask.
AccessRole role_for(const HttpRequest& request);
/// Whoever asks this wants to know how near pools come to the possible best.
bool tells_performance(const HttpRequest& request);

}  // namespace finishline::control
