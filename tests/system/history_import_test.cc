// What was measured before the proxy was there is brought into its history, and forecast from at once.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

using Json = nlohmann::json;
constexpr std::int64_t kHour = 3600;

bool told(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct Installed {
  Installed() {
    token = dir.write("token", "a-token-for-these-tests");
    ::chmod(token.c_str(), 0600);
  }
  Outcome import(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"history", "import"});
    arguments.insert(arguments.end(),
                     {"--admin", "127.0.0.1:" + std::to_string(proxy().admin_port()), "--token-file", token});
    return run("finishline", arguments);
  }
  ProxyUnderTest& proxy() const { return *running; }
  void start(const std::string& keys) {
    running.emplace(SetUp{.servers = {{.name = "video-1"}},
                          .proxy_keys = "admin_token_file = \"" + token + "\"\n" + keys});
    REQUIRE(wait_until(
        [&] { return Json::parse(proxy().get("/api/v1/live").body, nullptr, false).value("tick", 0) > 0; }));
  }
  Json forecast(const std::string& series) const {
    return Json::parse(proxy().get("/api/v1/forecast?pool=media&horizon=6h&series=" + series).body);
  }

  TempDir dir;
  std::string token;
  mutable std::optional<ProxyUnderTest> running;
};

/// Days of hours with a daily wave, that end with the hour before this one.
std::string days(int count, double level) {
  const std::int64_t end = std::time(nullptr) / kHour * kHour;
  std::string csv = "time,value\n";
  for (std::int64_t hour = -24LL * count; hour < 0; ++hour)
    csv += std::to_string(end + hour * kHour) + ',' +
           std::to_string(level * (2 + std::sin(static_cast<double>(hour) * 2 * M_PI / 24))) + '\n';
  return csv;
}

}  // namespace

TEST_CASE("a new installation forecasts by what was measured before it") {
  Installed it;
  it.start("state_dir = \"" + it.dir.file("") + "\"\n");
  CHECK(it.forecast("rate").at("points").empty());
  const std::string file = it.dir.write("load.csv", days(21, 50));

  const Outcome dry = it.import({"media", file, "--dry-run"});
  CHECK_MESSAGE((dry.exit == Exit{0, 0}), dry.errors);
  CHECK(told(dry.output, "media: rate would be known from "));
  CHECK(it.forecast("rate").at("points").empty());

  const Outcome done = it.import({"media", file});
  CHECK_MESSAGE((done.exit == Exit{0, 0}), done.errors);
  CHECK(told(done.output, "by 504 values of 1 h"));
  const Json ahead = it.forecast("rate");
  CHECK(ahead.at("step_s") == kHour);
  REQUIRE(ahead.at("points").size() == 6);
  for (const Json& point : ahead.at("points")) {
    CHECK(point.at("value") > 25);
    CHECK(point.at("value") < 175);
  }

  CHECK(it.import({"media", file, "--series", "work.video", "--times", "3"}).exit == Exit{0, 0});
  CHECK(it.forecast("work.video").at("points").at(0).at("value") > 75);
  const Outcome shown =
      run("finishline", {"forecast", "media", "--series", "work.video", "--horizon", "2h", "--admin",
                         "127.0.0.1:" + std::to_string(it.proxy().admin_port())});
  CHECK_MESSAGE((shown.exit == Exit{0, 0}), shown.errors);
  CHECK(
      told(run("finishline", {"forecast", file, "--series", "rate"}).errors, "which has one: leave it out"));
  CHECK(told(it.proxy().get("/api/v1/events").body, "is brought"));
  CHECK(it.proxy().stop() == Exit{0, 0});
  it.start("state_dir = \"" + it.dir.file("") + "\"\n");
  CHECK(it.forecast("rate").at("points").size() == 6);
}

TEST_CASE(
    "what is known is not overwritten unless that is asked for, also where a file takes several pieces") {
  Installed it;
  it.start("state_dir = \"" + it.dir.file("") + "\"\n");
  const std::string first = it.dir.write("first.csv", days(1, 50)),
                    other = it.dir.write("other.csv", days(2, 70));
  REQUIRE(it.import({"media", first}).exit == Exit{0, 0});
  CHECK(it.import({"media", first}).exit == Exit{0, 0});
  const Outcome refused = it.import({"media", other});
  CHECK(refused.exit == Exit{1, 0});
  CHECK_MESSAGE(told(refused.errors, "history knows otherwise for 24 h 0 min, first at "), refused.errors);
  const Outcome kept = it.import({"media", other, "--overlap", "keep"});
  CHECK(told(kept.output, "24 h 0 min of it, which stay"));
  CHECK(told(it.import({"media", other, "--overlap", "replace"}).output, "which are replaced"));
  CHECK(it.import({"media", other}).exit == Exit{0, 0});

  std::string fine = "time,value\n";
  const std::int64_t end = std::time(nullptr) / kHour * kHour;
  for (std::int64_t minute = -60 * 24 * 30; minute < 0; ++minute)
    fine += std::to_string(end + minute * 60) + ",8\n";
  const std::string many = it.dir.write("many.csv", fine);
  CHECK(told(it.import({"media", many}).errors, "history knows otherwise"));
  CHECK(it.import({"media", many, "--series", "work.video"}).exit == Exit{0, 0});
  CHECK(told(it.import({"media", many, "--overlap", "replace"}).output, "by 43,200 values of 1 min"));
}

TEST_CASE("what cannot be brought is refused, with the place and what to do") {
  Installed it;
  it.start("");
  const auto says = [&](const std::vector<std::string>& arguments, int code) {
    const Outcome outcome = it.import(arguments);
    CHECK_MESSAGE((outcome.exit == Exit{code, 0}), outcome.errors, outcome.output);
    return outcome.errors;
  };
  const std::string good = it.dir.write("good.csv", days(2, 50));
  CHECK(told(says({"media", good}, 1), "proxy.state_dir is not set"));
  CHECK(told(says({"medai", good}, 1), "there is no pool 'medai'; did you mean 'media'?"));
  CHECK(told(says({"media", good, "--series", "work.vide"}, 1), "series is rate or work.TYPE"));
  CHECK(told(says({"media", good, "--overlap", "no"}, 2), "refuse, keep or replace, not 'no'"));
  CHECK(told(says({"media", it.dir.file("none.csv")}, 2), "no file is named"));
  const auto bad = [&](const std::string& rows) {
    return says({"media", it.dir.write("bad.csv", "time,value\n" + rows)}, 2);
  };
  CHECK(told(bad("2026-01-01,5\nyesterday,6\n"), "bad.csv: line 3: column time: 'yesterday' is not a time"));
  CHECK(told(bad("2026-01-01,much\n"), "line 2: column value: 'much' is not a number"));
  CHECK(told(says({"media", it.dir.write("bad.csv", "time,load\n1,2\n")}, 2), "column 'load' is not known"));
  it.running.reset();
  it.start("state_dir = \"" + it.dir.file("") + "\"\n");
  const std::string old = it.dir.write("old.csv", "time,value\n1995-07-01T00:00Z,1\n1995-07-01T01:00Z,2\n");
  CHECK(told(says({"media", old}, 2), "--until-now moves them"));
  CHECK(says({"media", old, "--until-now"}, 0).empty());
  const std::string ahead = std::to_string(std::time(nullptr) + 40 * kHour);
  const std::string future = it.dir.write("future.csv", "time,value\n" + ahead + ",1\n");
  CHECK(told(says({"media", future}, 1), "is still to come, and history is what was"));
  const std::string negative = it.dir.write("negative.csv", "time,value\n2026-01-01,-1\n");
  CHECK(told(says({"media", negative}, 1), "is no load: a number from 0 is needed"));
}
