#include "client/comparison.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "client/comparison_report.h"
#include "client/report.h"

using namespace finishline;
using namespace finishline::client;

namespace {

/// A run of so many requests, each sent when a millisecond has passed, on average, since the one before.
struct MadeRun {
  int requests = 2000;
  double mean_ms = 5;  // latency, exponential
  int failing = 0;     // of the last ones
  double gap_ms = 1;
};

std::string report_of(const MadeRun& made, unsigned seed) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> latency(1 / made.mean_ms), gap(1 / made.gap_ms);
  Tally tally(3);
  Instant at{1000s};
  for (int i = 0; i < made.requests; ++i) {
    Request request;
    request.intended = request.sent = at += Nanos(std::llround(gap(random) * 1e6) + 1);
    tally.sent(request, 1);
    const auto status = i < made.requests - made.failing ? proto::Status::ok : proto::Status::server_error;
    tally.answered(request, {status, 0, std::nullopt}, at + Nanos(std::llround(latency(random) * 1e6)) + 1us);
  }
  Report report(tally);
  report.arrivals = "poisson";
  report.cost = CostModel::seed(1ms);
  return to_json(report);
}

SavedReport run_of(const MadeRun& made, unsigned seed) {
  return std::get<SavedReport>(parse_report(report_of(made, seed), "run.json"));
}

const Difference& in(const Comparison& comparison, const std::string& name) {
  return *std::ranges::find(comparison.measures, name, &Difference::name);
}

rc::Gen<MadeRun> some_run() {
  return rc::gen::build<MadeRun>(rc::gen::set(&MadeRun::requests, rc::gen::inRange(1, 1500)),
                                 rc::gen::set(&MadeRun::mean_ms, rc::gen::element(0.1, 1.0, 30.0)),
                                 rc::gen::set(&MadeRun::failing, rc::gen::element(0, 0, 1, 50)),
                                 rc::gen::set(&MadeRun::gap_ms, rc::gen::element(0.01, 1.0, 5.0)));
}

/// ln(1 + x), or x itself of shares.
double size_of(const Difference& it, double change) { return it.as_share ? change : std::log1p(change); }

}  // namespace

TEST_CASE("a run differs from itself in nothing") {
  CHECK(rc::check("a run differs from itself in nothing", [] {
    const SavedReport run = run_of(*some_run(), *rc::gen::arbitrary<unsigned>());
    const Comparison comparison = compare(run, run, 0.99);
    for (const Difference& it : comparison.measures) {
      RC_ASSERT(it.finding == Finding::none || it.finding == Finding::unknown);
      if (it.change) RC_ASSERT(*it.change == 0);
      if (it.within) RC_ASSERT(it.within->low <= 0 && it.within->high >= 0);
    }
    RC_ASSERT(beyond(comparison, 0, {}).empty());
    RC_ASSERT(verdict(comparison) == "no difference that these runs can show");
  }));
}

TEST_CASE("the other way round, better is worse and changes have the other sign") {
  CHECK(rc::check("the other way round", [] {
    const SavedReport a = run_of(*some_run(), *rc::gen::arbitrary<unsigned>());
    const SavedReport b = run_of(*some_run(), *rc::gen::arbitrary<unsigned>());
    const Comparison there = compare(a, b, 0.95), back = compare(b, a, 0.95);
    RC_ASSERT(there.measures.size() == back.measures.size());
    for (std::size_t i = 0; i < there.measures.size(); ++i) {
      const Difference &one = there.measures[i], &other = back.measures[i];
      RC_ASSERT(one.within.has_value() == other.within.has_value());
      RC_ASSERT((one.finding == Finding::better) == (other.finding == Finding::worse));
      RC_ASSERT((one.finding == Finding::worse) == (other.finding == Finding::better));
      if (!one.within) continue;
      RC_ASSERT(std::abs(size_of(one, *one.change) + size_of(other, *other.change)) < 1e-9);
      RC_ASSERT(std::abs(size_of(one, one.within->low) + size_of(other, other.within->high)) < 1e-9);
      RC_ASSERT(std::abs(size_of(one, one.within->high) + size_of(other, other.within->low)) < 1e-9);
    }
  }));
}

TEST_CASE("what is a fifth slower is found, and how much it is lies in the interval") {
  int found = 0, held = 0;
  for (unsigned seed = 0; seed < 50; ++seed) {
    const Comparison comparison = compare(run_of({.requests = 4000, .mean_ms = 5}, seed),
                                          run_of({.requests = 4000, .mean_ms = 6}, 1000 + seed), 0.95);
    const Difference& mean = in(comparison, "mean");
    REQUIRE(mean.within);
    found += mean.finding == Finding::worse ? 1 : 0;
    held += mean.within->low <= 0.2 && 0.2 <= mean.within->high ? 1 : 0;
  }
  CHECK(found == 50);
  CHECK(held >= 45);
}

TEST_CASE("two runs of the same thing are hardly ever told to differ") {
  int wrong = 0, told = 0;
  for (unsigned seed = 0; seed < 100; ++seed) {
    const Comparison comparison = compare(run_of({}, seed), run_of({}, 1000 + seed), 0.99);
    for (const char* name : {"throughput", "mean", "p50", "p90", "p99"}) {
      const Finding finding = in(comparison, name).finding;
      told += finding != Finding::unknown ? 1 : 0;
      wrong += finding == Finding::better || finding == Finding::worse ? 1 : 0;
    }
  }
  CHECK(told == 500);
  CHECK(wrong <= 15);  // 5 are expected
}

TEST_CASE("latencies that rise and fall together are worth less than their number") {
  const auto width = [](bool together) {
    Tally tally(3);
    for (int i = 0; i < 4000; ++i) {
      Request request;
      request.intended = request.sent = Instant{1000s} + i * 1ms;
      tally.sent(request, 1);
      const bool slow = together ? i / 400 % 2 == 0 : i % 2 == 0;
      tally.answered(request, {proto::Status::ok, 0, std::nullopt}, request.sent + (slow ? 9ms : 3ms));
    }
    Report report(tally);
    report.cost = CostModel::seed(1ms);
    const auto run = std::get<SavedReport>(parse_report(to_json(report), "run.json"));
    const auto within = in(compare(run, run, 0.95), "mean").within;
    return within ? within->high - within->low : 99.0;
  };
  CHECK(width(true) > 5 * width(false));
}

TEST_CASE("more requests that fail pass any limit, and p99 only its own") {
  const SavedReport good = run_of({}, 1), bad = run_of({.failing = 100}, 2), slow = run_of({.mean_ms = 8}, 3);
  const auto failing = beyond(compare(good, bad, 0.99), 10, {});
  CHECK(failing == std::vector<std::string>{"failed"});
  const Comparison slower = compare(good, slow, 0.99);
  CHECK(beyond(slower, 0.2, {"p99"}) == std::vector<std::string>{"p99"});
  CHECK(beyond(slower, 3, {"p99"}).empty());
  CHECK(beyond(slower, 0.2, {"throughput"}).empty());
  CHECK(beyond(compare(slow, good, 0.99), 0, {"p99"}).empty());
}

TEST_CASE("the words say which way it went") {
  const SavedReport good = run_of({}, 1), slow = run_of({.mean_ms = 8}, 3), bad = run_of({.failing = 200}, 1);
  CHECK(verdict(compare(good, slow, 0.99)).find("run.json is slower: mean, p50") == 0);
  CHECK(verdict(compare(slow, good, 0.99)).find("run.json is faster: mean, p50") == 0);
  CHECK(verdict(compare(good, bad, 0.99)).find("fails more often") != std::string::npos);
  CHECK(to_text(compare(good, slow, 0.99)).find("99 % sure: from") != std::string::npos);
}

TEST_CASE("a run that is too short is compared, and nothing is said of how sure that is") {
  const SavedReport run = run_of({.requests = 3, .mean_ms = 0.5, .gap_ms = 0.001}, 1);
  const Comparison comparison = compare(run, run, 0.99);
  CHECK(in(comparison, "p50").finding == Finding::unknown);
  CHECK(comparison.notes[0].find("too short") != std::string::npos);
  CHECK(to_text(comparison).find("not known") != std::string::npos);
}

TEST_CASE("the JSON of a comparison has every measure and what is beyond the limit") {
  const Comparison comparison = compare(run_of({}, 1), run_of({.mean_ms = 8}, 3), 0.99);
  const auto json = nlohmann::json::parse(to_json(comparison, {"p99"}));
  CHECK(json["beyond_limit"] == nlohmann::json{"p99"});
  CHECK(json["measures"].size() == comparison.measures.size());
  CHECK(json["measures"][0]["name"] == "throughput");
  CHECK(json["measures"][0]["low"].is_number());
  CHECK(json["confidence"] == 0.99);
}

TEST_CASE("what is no report is refused with the file's name and what to do") {
  const auto said = [](const std::string& text) {
    return std::get<std::string>(parse_report(text, "a.json"));
  };
  CHECK(
      said("[]").find("a.json is no report of this version of finishline-client: it is no JSON object; have "
                      "one written by") == 0);
  CHECK(said("{}").find("it has no \"requests\"") != std::string::npos);
  auto report = nlohmann::json::parse(report_of({}, 1));
  report["latency_histogram"]["counts"][0] = 100000;
  CHECK(said(report.dump()).find("does not add up to \"ok\"") != std::string::npos);
  report["latency_histogram"]["counts"][0] = -1;
  CHECK(said(report.dump()).find("no number of 0 or more") != std::string::npos);
  report["latency_histogram"] = 5;
  CHECK(said(report.dump()).find("has no lists \"at_most_us\" and \"counts\"") != std::string::npos);
  CHECK(std::get<std::string>(read_report("/nowhere/a.json"))
            .find("cannot read '/nowhere/a.json': No such file") == 0);
}
