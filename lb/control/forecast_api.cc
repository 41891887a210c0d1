#include "lb/control/forecast_api.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>
#include <variant>

#include "lb/control/api.h"
#include "lb/control/series_file.h"
#include "lb/control/series_list.h"
#include "lb/forecast/anomalies.h"
#include "lb/forecast/components.h"
#include "lb/forecast/enough.h"
#include "lb/forecast/forecast.h"
#include "lb/http/error_reply.h"
#include "lb/http/later_reply.h"
#include "proto/quantity.h"

namespace finishline::control {
namespace {

using ForecastJson = nlohmann::ordered_json;

constexpr std::size_t kFewest = 8;  // values, of which anything can be said
constexpr std::size_t kMostHorizon = 1000;

/// What the past of a pool is looked at by, the longest first: so many seconds back, in these steps.
struct Look {
  std::int64_t back, step;
};
constexpr Look kLooks[] = {{60 * 86400, 3600}, {14 * 86400, 900}, {86400, 60}, {900, 10}};

history::Timeline::Plan plan_of(const Look& look, const history::Timeline& timeline) {
  const std::int64_t now = timeline.latest() / look.step * look.step;
  return timeline.plan(now - look.back, now, look.step);
}

bool is_known(float value) { return !std::isnan(value); }

ForecastJson number(double value) { return std::isfinite(value) ? ForecastJson(value) : ForecastJson(); }

ForecastJson numbers(const std::vector<double>& values) {
  ForecastJson all = ForecastJson::array();
  for (const double value : values) all.push_back(number(value));
  return all;
}

ForecastJson history_json(const LoadPast& past) {
  const forecast::Series& series = past.series;
  ForecastJson all = ForecastJson::array();
  for (std::size_t i = 0; i < series.size(); ++i)
    all.push_back({{"time", past.utc_of(series.time_of(i))}, {"value", number(series.values[i])}});
  return all;
}

ForecastJson points_json(const std::vector<forecast::Point>& points, const LoadPast& past) {
  ForecastJson all = ForecastJson::array();
  for (const forecast::Point& it : points)
    all.push_back({{"time", past.utc_of(it.time_s)},
                   {"value", number(it.value)},
                   {"low80", number(it.band80.low)},
                   {"high80", number(it.band80.high)},
                   {"low95", number(it.band95.low)},
                   {"high95", number(it.band95.high)}});
  return all;
}

ForecastJson check_json(const forecast::Backtest& check) {
  ForecastJson methods = ForecastJson::array();
  for (const forecast::BacktestRow& row : check.rows) {
    const forecast::Accuracy& a = row.accuracy;
    methods.push_back({{"name", row.name},
                       {"mae", number(a.mae)},
                       {"rmse", number(a.rmse)},
                       {"mase", number(a.mase)},
                       {"coverage80", number(a.coverage[0])},
                       {"coverage95", number(a.coverage[1])}});
  }
  return {{"chosen", check.rows.empty() ? ForecastJson() : ForecastJson(check.rows[check.chosen].name)},
          {"origins", check.origins},
          {"methods", std::move(methods)}};
}

/// What the forecast is to be better than.
ForecastJson naive_json(const forecast::Forecast& it) {
  const forecast::BacktestRow& row = it.check.rows[forecast::best_naive(it.check)];
  return {{"method", row.name}, {"mae", number(row.accuracy.mae)}, {"values", numbers(it.naive)}};
}

http::HttpReply nothing_known(const std::string& pool, const std::string& why) {
  const ForecastJson body = {{"pool", pool}, {"points", ForecastJson::array()}, {"note", why}};
  return {200, "application/json", body.dump() + "\n", {{"Cache-Control", "no-store"}}};
}

/// Steps of the horizon, of the past by default a day or as far as that is good for; nothing when the text is
/// no time.
std::optional<std::size_t> horizon_in(std::string_view text, const forecast::Series& past) {
  const auto span = parse_duration(text.empty() ? "24h" : text, Bare::allowed);
  if (!span || *span <= 0ns) return std::nullopt;
  const auto steps = static_cast<std::size_t>(to_seconds(*span) / static_cast<double>(past.step_s));
  return std::clamp<std::size_t>(
      text.empty() ? std::min(steps, forecast::sensible_horizon(past.size())) : steps, 1, kMostHorizon);
}

/// The commonest step of the samples, or the one that is asked for.
std::variant<std::int64_t, http::HttpReply> step_in(std::string_view text,
                                                    const std::vector<forecast::LoadSample>& samples) {
  if (text.empty()) return forecast::usual_step(samples);
  const auto span = parse_duration(text, Bare::allowed);
  if (!span || *span < 1s)
    return http::error_reply(400, "step is no time of a second or more, as 5m or 1h are", "/step");
  return *span / std::chrono::seconds(1);
}

/// The place that a request names, or `usual`.
std::variant<forecast::LoadOrigin, http::HttpReply> place_in(const http::HttpRequest& request,
                                                             const forecast::LoadOrigin& usual) {
  forecast::LoadOrigin place = usual;
  if (const auto zone = request.parameter("timezone"); !zone.empty()) place.zone = zone;
  if (!place.zone.empty() && !forecast::is_zone(place.zone))
    return http::error_reply(400, "timezone is none that is known here, as Europe/Berlin is", "/timezone");
  const std::string days(request.parameter("special"));
  if (!days.empty()) place.calendar.special_days.clear();
  std::istringstream list(days);
  for (std::string text; std::getline(list, text, ',');) {
    const auto day = forecast::day_of(text);
    if (!day)
      return http::error_reply(400, "special is a list of days with commas, as 2026-12-24", "/special");
    place.calendar.special_days.push_back(*day);
  }
  std::ranges::sort(place.calendar.special_days);
  return place;
}

}  // namespace

/// One forecast, on the thread.
class ForecastApi::Job : public net::Background::Job {
 public:
  Job(ForecastApi& owner, std::string name, LoadPast past, std::size_t horizon,
      std::shared_ptr<http::LaterReply> reply)
      : owner_(owner),
        name_(std::move(name)),
        past_(std::move(past)),
        horizon_(horizon),
        reply_(std::move(reply)) {}
  void work() override { body_ = forecast_reply(name_, past_, horizon_); }
  void done() override {
    --owner_.waiting_;
    reply_->give({200, "application/json", body_ + "\n", {{"Cache-Control", "no-store"}}});
  }

 private:
  ForecastApi& owner_;
  const std::string name_;
  const LoadPast past_;
  const std::size_t horizon_;
  const std::shared_ptr<http::LaterReply> reply_;
  std::string body_;
};

http::HttpReply ForecastApi::ask(std::string name, LoadPast past, std::size_t horizon) {
  if (waiting_ >= kMostWaiting)
    return http::error_reply(429, "so many forecasts wait already: ask again in a second");
  forecast::Series& series = past.series;
  if (series.size() > kMostSteps) series = series.part(series.size() - kMostSteps);
  ++waiting_;
  http::HttpReply reply;
  reply.later = std::make_shared<http::LaterReply>();
  background_.run(std::make_unique<Job>(*this, std::move(name), std::move(past), horizon, reply.later));
  return reply;
}

void ForecastApi::add_routes(http::HttpRouter& router) {
  router.get("/api/v1/forecast", [this](const http::HttpRequest& it) { return of_pool(it); });
  router.on(http::Method::post, "/api/v1/forecast",
            [this](const http::HttpRequest& it) { return of_csv(it); });
}

http::HttpReply ForecastApi::of_pool(const http::HttpRequest& request) {
  const std::string pool(request.parameter("pool")), what(request.parameter("series"));
  if (pool.empty()) return http::error_reply(400, "whose? say pool=NAME", "/pool");
  const std::string name = "pool." + pool + "." + (what.empty() ? "rate" : what);
  auto past = past_of(name);
  if (!past) {
    if (const auto fault = fault_of_pool(pool, timeline_.names()))
      return http::error_reply(404, *fault, "/pool");
    if (const auto fault = fault_of_series(name, timeline_.names()))
      return http::error_reply(404, *fault, "/series");
    return nothing_known(pool, too_little(name));
  }
  const auto horizon = horizon_in(request.parameter("horizon"), past->series);
  if (!horizon) return http::error_reply(400, "horizon is no time, as 1h or 24h are", "/horizon");
  const std::size_t sensible = forecast::sensible_horizon(past->series.size());
  return ask(name, std::move(*past), std::min(*horizon, sensible));
}

http::HttpReply ForecastApi::of_csv(const http::HttpRequest& request) {
  const auto parsed = parse_series(request.body);
  if (const auto* why = std::get_if<std::string>(&parsed)) return http::error_reply(400, *why);
  const auto& samples = std::get<std::vector<forecast::LoadSample>>(parsed);
  const auto step = step_in(request.parameter("step"), samples);
  if (const auto* refusal = std::get_if<http::HttpReply>(&step)) return *refusal;
  const auto place = place_in(request, place_);
  if (const auto* refusal = std::get_if<http::HttpReply>(&place)) return *refusal;
  LoadPast past = load_past(samples, {.step_s = std::get<std::int64_t>(step), .most_steps = kMostSteps},
                            std::get<forecast::LoadOrigin>(place));
  if (past.series.size() < kFewest)
    return http::error_reply(400,
                             "that are too few values: " + std::to_string(kFewest) + " at least are needed");
  forecast::mark_outages(past.series);
  const auto horizon = horizon_in(request.parameter("horizon"), past.series);
  if (!horizon) return http::error_reply(400, "horizon is no time, as 1h or 24h are", "/horizon");
  return ask("csv", std::move(past), *horizon);
}

/// The longest look by which enough is known; nothing: none is.
std::optional<LoadPast> ForecastApi::past_of(const std::string& series) const {
  for (const Look& look : kLooks)
    if (auto past = load_past(timeline_, series, plan_of(look, timeline_), place_, forecast::kEnoughValues))
      return past;
  return std::nullopt;
}

/// Of the shortest look, which is the first to know enough.
std::string ForecastApi::too_little(const std::string& series) const {
  const Look& look = *std::prev(std::end(kLooks));
  const history::Points points = timeline_.read(series, plan_of(look, timeline_));
  const auto known = static_cast<std::size_t>(std::ranges::count_if(points.values, is_known));
  return too_little_past(series, static_cast<std::int64_t>(known) * look.step,
                         static_cast<std::int64_t>(forecast::kEnoughValues) * look.step);
}

std::string too_little_past(const std::string& series, std::int64_t known_s, std::int64_t needed_s) {
  const auto span = [](std::int64_t seconds) {
    if (seconds < 120) return std::to_string(seconds) + " s";
    return seconds < 7200 ? std::to_string(seconds / 60) + " min" : std::to_string(seconds / 3600) + " h";
  };
  const std::string known =
      known_s > 0 ? span(known_s) + " of " + series + " are known" : "nothing of " + series + " is known";
  return "Too little past: " + known + ", a forecast needs " + span(needed_s) + ".";
}

std::string forecast_reply(const std::string& name, const LoadPast& past, std::size_t horizon) {
  const forecast::Series& series = past.series;
  const forecast::Forecast it = forecast::forecast(series, past.calendar, horizon);
  const forecast::Components components = forecast::components_of(series, past.calendar, horizon);
  ForecastJson strange = ForecastJson::array();
  for (const forecast::Anomaly& anomaly : forecast::anomalies(series))
    strange.push_back({{"time", past.utc_of(series.time_of(anomaly.step))},
                       {"value", number(series.values[anomaly.step])},
                       {"expected", number(anomaly.expected)}});
  return ForecastJson{{"series", name},
                      {"step_s", series.step_s},
                      {"method", it.method},
                      {"points", points_json(it.points, past)},
                      {"naive", naive_json(it)},
                      {"history", history_json(past)},
                      {"components",
                       {{"trend", numbers(components.trend)},
                        {"day", numbers(components.day)},
                        {"week", numbers(components.week)}}},
                      {"anomalies", std::move(strange)},
                      {"backtest", check_json(it.check)}}
      .dump(-1, ' ', false, ForecastJson::error_handler_t::replace);
}

}  // namespace finishline::control
