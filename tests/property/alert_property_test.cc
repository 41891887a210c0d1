// Alerts through any series of readings, silences and waits: what must hold after each step.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <optional>
#include <string>
#include <utility>

#include "lb/alert/engine.h"

namespace finishline::alert {
namespace {

int any_below(int n) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n)); }

/// Thirty seconds to fire at 0.2, thirty below 0.18 to be resolved.
struct Watched {
  AlertTime now{Instant(std::chrono::hours(1)), 1e9};
  AlertEngine engine{AlertEngine::Options{.repeat = 0ns}};

  AlertEngine::Step step(double value) {
    const auto passed = std::chrono::seconds(1 + any_below(5));
    now.at += passed;
    now.unix += static_cast<double>(passed.count());
    return engine.step({{RuleKind::latency_high, "video", value, "slow"}}, now);
  }
};

}  // namespace

TEST_CASE("every alert that fires is resolved once or stands, and its times are in order") {
  CHECK(rc::check([] {
    Watched it;
    int fired = 0, resolved = 0;
    double value = 0;  // stays for some steps, so that alerts last
    for (int i = 0; i < 300; ++i) {
      if (any_below(8) == 0) value = any_below(40) / 100.0;
      const auto step = it.step(value);
      fired += static_cast<int>(step.fired.size());
      resolved += static_cast<int>(step.resolved.size());
      for (const Alert& alert : step.resolved) {
        RC_ASSERT(alert.since.at + 30s <= alert.resolved_at->at);
        RC_ASSERT(alert.state == AlertState::resolved);
      }
      RC_ASSERT(static_cast<std::size_t>(fired - resolved) == it.engine.firing());
      RC_ASSERT(it.engine.firing() <= 1);
    }
  }));
}

TEST_CASE("a value that stays within the hysteresis neither fires nor resolves anything") {
  CHECK(rc::check([](bool fires) {
    Watched it;
    for (int i = 0; i < 60; ++i) it.step(fires ? 0.3 : 0.0);
    RC_ASSERT(it.engine.firing() == (fires ? 1U : 0U));
    for (int i = 0; i < 200; ++i) {
      const auto step = it.step(fires ? 0.18 + any_below(100) / 100.0 : any_below(200) / 1000.0);
      RC_ASSERT(step.fired.empty());
      RC_ASSERT(step.resolved.empty());
    }
  }));
}

TEST_CASE("between two changes there is at least the time that each must last") {
  CHECK(rc::check([] {
    Watched it;
    std::optional<Instant> last;
    for (int i = 0; i < 400; ++i) {
      const auto step = it.step(any_below(3) == 0 ? 0.1 : 0.25);
      if (step.fired.empty() && step.resolved.empty()) continue;
      if (last) RC_ASSERT(it.now.at - *last >= 30s);
      last = it.now.at;
    }
  }));
}

TEST_CASE("while a silence lasts nobody is told; whoever is told of an end was told of the beginning") {
  CHECK(rc::check([] {
    Watched it;
    double silent_until = 0;
    bool told = false;
    double value = 0;
    for (int i = 0; i < 400; ++i) {
      if (any_below(10) == 0) value = any_below(2) == 0 ? 0.1 : 0.3;
      if (any_below(60) == 0) {
        silent_until = std::max(silent_until, it.now.unix + 1 + any_below(200));
        RC_ASSERT(it.engine.silence("*", silent_until, "", "").has_value());
      }
      const auto step = it.step(value);
      if (it.now.unix < silent_until) {
        RC_ASSERT(step.tell_fired.empty());
        RC_ASSERT(step.tell_ended.empty());
      }
      if (!step.tell_ended.empty()) RC_ASSERT(std::exchange(told, false));
      if (!step.resolved.empty()) told = false;
      if (!step.tell_fired.empty()) RC_ASSERT(!std::exchange(told, true));
    }
  }));
}

TEST_CASE("a pattern with stars matches what can be made of it") {
  CHECK(rc::check([] {
    std::string pattern, text;
    for (int i = any_below(12); i > 0; --i) {
      const char c = "ab*"[any_below(3)];
      pattern += c;
      if (c != '*') text += c;
      if (c == '*')
        for (int n = any_below(4); n > 0; --n) text += "ab"[any_below(2)];
    }
    RC_ASSERT(matches(pattern, text));
    if (pattern.find('*') == std::string::npos) RC_ASSERT(!matches(pattern, text + "a"));
  }));
}

}  // namespace finishline::alert
