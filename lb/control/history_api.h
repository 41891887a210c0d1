// What was measured of a pool before this proxy was there, brought into its history: PUT
// /api/v1/pools/NAME/history with a CSV, so that a new installation forecasts from its first day on. The
// values are written by the thread that writes all history; the reply comes when that is done. Control
// process, on its loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lb/control/observer.h"
#include "lb/history/past_values.h"
#include "lb/http/message.h"
#include "lb/http/router.h"
#include "lb/net/background.h"

namespace finishline::control {

class HistoryApi {
 public:
  static constexpr std::size_t kMostWaiting = 8;

  /// Both outlive it.
  HistoryApi(net::Loop& loop, Observer& observer) : observer_(observer), background_(loop) {}

  /// The router outlives this.
  void add_routes(http::HttpRouter& router);
  /// The body is a CSV, time,value; ?series=rate or work.TYPE; overlap=refuse, keep or replace; dry_run=true
  /// writes nothing; step=300 (seconds that a value holds; else the commonest step), from= and to= (Unix
  /// seconds, between which alone is written). 200 says what was kept; 400 what is wrong with it, and where;
  /// 404 that there is no such pool; 409 that other values are known, or that history is not kept on disk.
  http::HttpReply bring(const http::HttpRequest& request);

 private:
  class Job;
  struct Asked {
    std::string pool;
    history::PastValues past{};
    history::Overlap overlap = history::Overlap::refuse;
    bool dry = false;
    std::size_t values = 0;
  };
  http::HttpReply take(Asked asked);
  void tell(const Asked& asked, const history::PastOutcome& outcome);

  Observer& observer_;
  std::size_t waiting_ = 0;
  net::Background background_;
};

}  // namespace finishline::control
