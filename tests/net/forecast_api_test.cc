#include "lb/control/forecast_api.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "lb/http/later_reply.h"
#include "lb/model/usage.h"
#include "tests/support/loop_stage.h"

namespace finishline::control {
namespace {

using Json = nlohmann::json;

std::string week_csv() { return model::usage_csv({.step_s = 3600, .days = 8, .types = {{"video", 1}}}, 0); }

struct Scene {
  test::LoopStage stage;
  history::Timeline timeline{""};
  ForecastApi api{stage.loop, timeline, {}};

  http::HttpReply reply_to(http::HttpReply reply) {
    if (!reply.later) return reply;
    std::optional<http::HttpReply> given;
    reply.later->take([&](http::HttpReply it) { given = std::move(it); });
    REQUIRE(stage.until({}, [&] { return given.has_value(); }));
    return *given;
  }
};

TEST_CASE("a posted series gets its forecast, components, anomalies and back-test") {
  Scene scene;
  const auto reply = scene.reply_to(scene.api.of_csv({.body = week_csv(), .query = {{"horizon", "6h"}}}));
  REQUIRE(reply.status == 200);
  const Json body = Json::parse(reply.body);
  CHECK(body.at("points").size() == 6);
  CHECK(body.at("history").size() == 8 * 24);
  CHECK(body.at("points")[0].at("time") == body.at("history").back().at("time").get<std::int64_t>() + 3600);
  CHECK(body.at("points")[0].at("low95") <= body.at("points")[0].at("value"));
  CHECK(body.at("components").at("trend").size() == 8 * 24 + 6);
  CHECK(body.at("backtest").at("methods").size() > 3);
  CHECK(body.contains("anomalies"));
}

TEST_CASE("a body that is no series is refused, with the place") {
  Scene scene;
  CHECK(scene.api.of_csv({.body = "when,what\n1,2\n"}).status == 400);
  CHECK(scene.api.of_csv({.body = "time,value\n0,1\n60,2\n"}).status == 400);
  const auto bad = scene.api.of_csv({.body = week_csv(), .query = {{"step", "often"}}});
  CHECK(bad.status == 400);
  CHECK(Json::parse(bad.body).at("error").at("pointer") == "/step");
}

TEST_CASE("a posted series goes by the clock of its place, and is answered in UTC") {
  Scene scene;
  const auto times = [&](const char* zone) {
    const auto reply = scene.reply_to(
        scene.api.of_csv({.body = week_csv(), .query = {{"horizon", "6h"}, {"timezone", zone}}}));
    const Json body = Json::parse(reply.body);
    return std::pair<std::int64_t, std::int64_t>(body.at("history")[0].at("time"),
                                                 body.at("points")[0].at("time"));
  };
  CHECK(times("Asia/Tokyo") == times("UTC"));
}

TEST_CASE("a zone or a day that there is not is refused, with the place") {
  Scene scene;
  const auto pointer = [&](const char* key, const char* value) {
    const auto reply = scene.api.of_csv({.body = week_csv(), .query = {{key, value}}});
    CHECK(reply.status == 400);
    return Json::parse(reply.body).at("error").at("pointer").get<std::string>();
  };
  CHECK(pointer("timezone", "Mars/Olympus") == "/timezone");
  CHECK(pointer("special", "2026-12-24,Christmas") == "/special");
}

TEST_CASE("a day that is told to be unlike others is forecast as such days were") {
  Scene scene;
  std::string csv = "time,value\n";
  for (std::int64_t hour = 0; hour < 23 * 24; ++hour) {
    const std::int64_t day = hour / 24;
    const bool special = day == 4 || day == 9 || day == 13 || day == 18;
    csv += std::to_string(hour * 3600) + "," + std::to_string((special ? 300 : 1000) + hour % 24) + "\n";
  }
  const auto noon_of_next_day = [&](const std::string& special) {
    const auto reply =
        scene.reply_to(scene.api.of_csv({.body = csv, .query = {{"horizon", "24h"}, {"special", special}}}));
    return Json::parse(reply.body).at("points")[12].at("value").get<double>();
  };
  const std::string past = "1970-01-05,1970-01-10,1970-01-14,1970-01-19";
  CHECK(noon_of_next_day(past + ",1970-01-24") < noon_of_next_day(past));
}

TEST_CASE("of a pool of which nothing is known that is said") {
  Scene scene;
  const auto reply = scene.api.of_pool({.query = {{"pool", "media"}}});
  CHECK(reply.status == 200);
  CHECK(Json::parse(reply.body).at("points").empty());
  CHECK(Json::parse(reply.body).contains("note"));
  CHECK(scene.api.of_pool({}).status == 400);
}

TEST_CASE("what was seen of a pool is forecast in the steps in which it is known") {
  Scene scene;
  for (std::int64_t second = 0; second < 800; ++second) {
    history::SeriesSample sample{.time = 1'790'000'000 + second};
    sample.add("pool.media.rate", 10 + static_cast<double>(second % 60));
    scene.timeline.add(sample);
  }
  const auto reply = scene.reply_to(scene.api.of_pool({.query = {{"pool", "media"}}}));
  REQUIRE(reply.status == 200);
  const Json body = Json::parse(reply.body);
  CHECK(body.at("step_s") == 10);
  CHECK(body.at("points").size() > 10);
}

}  // namespace
}  // namespace finishline::control
