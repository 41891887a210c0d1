// Forecasts over the admin server: GET /api/v1/forecast?pool=NAME of the pool's own past, POST of a CSV. The
// work is done on a thread; the reply comes when it is done. Control process, on its loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "lb/control/load_past.h"
#include "lb/history/timeline.h"
#include "lb/http/message.h"
#include "lb/http/router.h"
#include "lb/net/background.h"
#include "lb/net/loop.h"

namespace finishline::control {

class ForecastApi {
 public:
  /// Of a longer series the latest steps are taken: what is left takes about a second.
  static constexpr std::size_t kMostSteps = 3000;
  static constexpr std::size_t kMostWaiting = 8;

  /// Loop and timeline outlive it.
  ForecastApi(net::Loop& loop, const history::Timeline& timeline, forecast::LoadOrigin place)
      : timeline_(timeline), place_(std::move(place)), background_(loop) {}

  void change_to(forecast::LoadOrigin place) { place_ = std::move(place); }
  /// Where the load comes from, unless a request says otherwise.
  const forecast::LoadOrigin& place() const { return place_; }

  /// The router outlives this.
  void add_routes(http::HttpRouter& router);
  /// ?pool=NAME, and if wanted series=rate or work.TYPE, horizon=24h. Where too little is known the reply has
  /// no points, and a note.
  http::HttpReply of_pool(const http::HttpRequest& request);
  /// The body is a CSV, time,value;
  /// ?horizon=24h&step=1h&timezone=Europe/Berlin&special=2026-12-24,2026-12-25. 400 says what is wrong with
  /// it, and where.
  http::HttpReply of_csv(const http::HttpRequest& request);

 private:
  class Job;
  http::HttpReply ask(std::string name, LoadPast past, std::size_t horizon);
  std::optional<LoadPast> past_of(const std::string& series) const;
  std::string too_little(const std::string& series) const;

  const history::Timeline& timeline_;
  forecast::LoadOrigin place_;
  std::size_t waiting_ = 0;
  net::Background background_;
};

/// Why there is no forecast: how much of the past is known, and how much is needed, in seconds.
std::string too_little_past(const std::string& series, std::int64_t known_s, std::int64_t needed_s);

/// Components, forecast, anomalies and back-test of a past, as JSON, with times in UTC; takes up to a second.
/// `horizon` > 0.
std::string forecast_reply(const std::string& name, const LoadPast& past, std::size_t horizon);

}  // namespace finishline::control
