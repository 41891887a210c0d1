#include "lb/alert/engine.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace finishline;
using namespace finishline::alert;

namespace {

/// Seconds of readings of latency_high for one type: 0.2 s for 30 s, over below 0.18 s for 30 s.
struct Watch {
  AlertTime at(int second) const { return {Instant(std::chrono::seconds(1000 + second)), 1e9 + second}; }

  AlertEngine::Step look(int second, double p95, const std::string& subject = "video") {
    return engine.step({{RuleKind::latency_high, subject, p95, subject + " is slow"}}, at(second));
  }
  std::vector<std::string> told(int from, int to, double p95) {
    std::vector<std::string> all;
    for (int second = from; second < to; ++second) {
      const auto step = look(second, p95);
      for (const Alert& it : step.tell_fired) all.push_back(std::to_string(second) + " fires " + it.id);
      for (const Alert& it : step.tell_ended) all.push_back(std::to_string(second) + " ends " + it.id);
    }
    return all;
  }
  AlertState state() const { return engine.open().at(0).state; }

  AlertEngine engine{AlertEngine::Options{}};
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("an alert is pending at once, fires when it has lasted, and is resolved when calm has") {
  Watch watch;
  CHECK(watch.told(0, 30, 0.3) == Lines{});
  CHECK(watch.state() == AlertState::pending);
  CHECK(watch.told(30, 60, 0.3) == Lines{"30 fires latency_high:video"});
  CHECK(watch.state() == AlertState::firing);
  CHECK(watch.told(60, 90, 0.1) == Lines{});
  CHECK(watch.told(90, 100, 0.1) == Lines{"90 ends latency_high:video"});
  CHECK(watch.engine.open().empty());
  REQUIRE(watch.engine.resolved().size() == 1);
  CHECK(watch.engine.resolved().front().since.unix == 1e9);
  CHECK(watch.engine.resolved().front().resolved_at->unix == 1e9 + 90);
}

TEST_CASE("what is over before it has lasted was never told") {
  Watch watch;
  CHECK(watch.told(0, 29, 0.3) == Lines{});
  CHECK(watch.told(29, 30, 0.1) == Lines{});
  CHECK(watch.engine.open().empty());
  CHECK(watch.told(30, 59, 0.3) == Lines{});  // from the beginning
  CHECK(watch.engine.resolved().empty());
}

TEST_CASE("between the two thresholds nothing begins and nothing ends") {
  Watch watch;
  CHECK(watch.told(0, 40, 0.3).size() == 1);
  CHECK(watch.told(40, 400, 0.19) == Lines{});
  CHECK(watch.state() == AlertState::firing);
  Watch other;
  CHECK(other.told(0, 400, 0.19) == Lines{});
  CHECK(other.engine.open().empty());
}

TEST_CASE("what is not read any more is calm") {
  Watch watch;
  REQUIRE(watch.told(0, 40, 0.3).size() == 1);
  for (int second = 40; second < 70; ++second)
    CHECK(watch.engine.step({}, watch.at(second)).tell_ended.empty());
  CHECK(watch.engine.step({}, watch.at(70)).tell_ended.size() == 1);
}

TEST_CASE("of what is silenced nobody is told; when the silence ends, of what fires still") {
  Watch watch;
  REQUIRE(watch.engine.silence("latency_high:*", 1e9 + 100, "known", "alice"));
  CHECK(watch.told(0, 100, 0.3) == Lines{});
  CHECK(watch.state() == AlertState::firing);
  CHECK(watch.engine.open().at(0).silenced_until == 1e9 + 100);
  CHECK(watch.told(100, 110, 0.3) == Lines{"100 fires latency_high:video"});
  CHECK(watch.engine.silences().empty());

  Watch quiet;
  const auto silence = quiet.engine.silence("latency_high:video", 1e9 + 1000, "", "");
  CHECK(quiet.told(0, 60, 0.3) == Lines{});
  CHECK(quiet.told(60, 100, 0.1) == Lines{});  // and nobody hears that it ended
  CHECK(quiet.engine.resolved().size() == 1);
  CHECK(quiet.engine.end_silence(silence->id));
  CHECK_FALSE(quiet.engine.end_silence(silence->id));
}

TEST_CASE("what fires on is told again, unless somebody has acknowledged it") {
  Watch watch;
  auto options = AlertEngine::Options{.repeat = 60s};
  watch.engine.set_options(options);
  CHECK(watch.told(0, 160, 0.3) ==
        Lines{"30 fires latency_high:video", "90 fires latency_high:video", "150 fires latency_high:video"});
  CHECK(watch.engine.acknowledge("latency_high:video", "alice", 1e9 + 160));
  CHECK(watch.told(160, 400, 0.3) == Lines{});
  CHECK(watch.engine.open().at(0).acknowledged->by == "alice");
  CHECK_FALSE(watch.engine.acknowledge("latency_high:music", "alice", 1e9));
}

TEST_CASE("a rule that is switched off ends its alerts") {
  Watch watch;
  REQUIRE(watch.told(0, 40, 0.3).size() == 1);
  AlertRule rule = watch.engine.rules()[static_cast<std::size_t>(RuleKind::latency_high)];
  rule.enabled = false;
  watch.engine.set_rule(RuleKind::latency_high, rule);
  CHECK(watch.told(40, 41, 0.3) == Lines{"40 ends latency_high:video"});
  CHECK(watch.told(41, 200, 0.3) == Lines{});
}

TEST_CASE("silences match by their stars") {
  CHECK(matches("server_down:*", "server_down:video-1"));
  CHECK(matches("*", ""));
  CHECK(matches("*:video-*", "latency_high:video-1"));
  CHECK(matches("a*b*c", "aXbXbXc"));
  CHECK_FALSE(matches("server_down:*", "server_up:video-1"));
  CHECK_FALSE(matches("server_down", "server_down:video-1"));
  CHECK_FALSE(matches("a*b", "abc"));
  CHECK_FALSE(matches("", "x"));
}

TEST_CASE("a reason says since when, and of what is over for how long") {
  Alert alert{
      .id = {}, .subject = {}, .since = {Instant(100s), 0}, .words = "video-1 is down: connection refused"};
  CHECK(reason_of(alert, Instant(112s)) == "video-1 is down: connection refused, since 12 s");
  CHECK(reason_of(alert, Instant(225s)) == "video-1 is down: connection refused, since 2 min 5 s");
  alert.resolved_at = AlertTime{Instant(107s), 0};
  CHECK(reason_of(alert, Instant(999s)) == "video-1 is down: connection refused, for 7 s");
}

TEST_CASE("every kind has its rule, by position and by name") {
  REQUIRE(default_rules().size() == kRules);
  for (std::size_t i = 0; i < kRules; ++i) {
    CHECK(rule_named(default_rules()[i].name) == static_cast<RuleKind>(i));
    CHECK(default_rules()[i].clear <= 1);
    CHECK(default_rules()[i].threshold > 0);
  }
  CHECK_FALSE(rule_named("none"));
}
