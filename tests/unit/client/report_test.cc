#include "client/report.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "client/progress.h"
#include "client/report_facts.h"
#include "client/table.h"
#include "tests/support/json_schema.h"

using namespace finishline;
using namespace finishline::client;

namespace {

const Instant kStart{1000s};

/// Ten video requests of length 4, sent every 10 ms, each answered 8 ms later by server 1.
struct Run {
  CostModel cost = CostModel::seed(1ms);
  Tally tally{3};

  Request request(int i) {
    Request request;
    request.number = static_cast<std::uint64_t>(i);
    request.intended = request.sent = kStart + i * 10ms;
    request.length = 4;
    request.code = 'V';
    return request;
  }
  explicit Run(int requests = 10) {
    for (int i = 0; i < requests; ++i) {
      tally.sent(request(i), 1);
      tally.answered(request(i), {proto::Status::ok, 4000, 1}, request(i).sent + 8ms);
    }
  }
  Report report() const {
    Report report(tally);
    report.address = "127.0.0.1:9000";
    report.protocol = "frame";
    report.arrivals = "closed loop";
    report.pool = "media";
    report.policy = "makespan";
    report.connections = 16;
    report.seed = 42;
    report.cost = cost;
    report.servers = {{1, "video-1", 0, 1, 1}, {7, "music-1", 1, 1, 1}};
    report.lower_bound = 49ms;
    return report;
  }
  nlohmann::json json() const { return nlohmann::json::parse(to_json(report())); }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the JSON report has every field of the contract") {
  const auto json = Run().json();
  CHECK(json["requests"] == 10);
  CHECK(json["ok"] == 10);
  CHECK(json["failed"].empty());
  CHECK(json["wrong"] == 0);
  CHECK(json["retries"] == 0);
  CHECK(json["makespan_s"] == 0.098);
  CHECK(json["lower_bound_s"] == 0.049);
  CHECK(json["ratio"] == doctest::Approx(2.0));
  CHECK(json["throughput_rps"] == doctest::Approx(10 / 0.098));
  for (const char* key : {"mean", "p50", "p90", "p99", "p999", "max"})
    CHECK(json["latency_us"][key] == 8000.0);
  CHECK(json["seed"] == 42);
  CHECK(json["ending"] == "complete");
}

TEST_CASE("the JSON report is what its schema says, and the schema has all of it") {
  const auto schema = nlohmann::json::parse(std::ifstream("lb/doc/reference/client-report.schema.json"));
  Run run;
  Tally warm_up(3);
  warm_up.sent(run.request(0), 1);
  Report report = run.report();
  report.warm_up = &warm_up;
  report.lower_bound.reset();
  const auto json = nlohmann::json::parse(to_json(report));
  const auto faults = test::JsonSchema(schema).faults(json, schema);
  CHECK_MESSAGE(faults.empty(), (faults.empty() ? "" : faults.front()));
  for (const auto& [key, value] : json.items()) CHECK_MESSAGE(schema["properties"].contains(key), key);
}

TEST_CASE("the whole distribution and the slices of the run stand in the JSON report") {
  const auto json = Run().json();
  CHECK(json["latency_histogram"] == nlohmann::json{{"at_most_us", {8000.0}}, {"counts", {10}}});
  CHECK(json["slices"]["length_s"] == 0.002);
  CHECK(json["slices"]["ok"].size() == 49);
  CHECK(json["slices"]["ok"][4] == 1);
  CHECK(json["slices"]["latency_us"][4] == 8000.0);
}

TEST_CASE("a rate that changes is reported step by step, what came in a step by the second") {
  Run run(0);
  run.tally = Tally(3, StepTallies(model::Pace({{50ms, 100, 100}, {50ms, 100, 300}, {50ms, 0, 0}})));
  run.tally.begin(kStart);
  for (int i = 0; i < 10; ++i) {
    run.tally.sent(run.request(i), 1);
    run.tally.answered(run.request(i), {proto::Status::ok, 4000, 1}, run.request(i).sent + 15ms);
  }
  const auto steps = run.json()["steps"];
  REQUIRE(steps.size() == 2);
  CHECK(steps[0]["requests"] == 5);
  CHECK(steps[0]["ok"] == 5);
  CHECK(steps[0]["throughput_rps"] == doctest::Approx(4 / 0.05));
  CHECK(steps[1]["throughput_rps"] == doctest::Approx(5 / 0.05));
  CHECK(steps[1]["rate_to"] == 300);
  CHECK(steps[1]["from_s"] == 0.05);
  CHECK(contains(to_text(run.report()), "100.0..300.0/s"));
}

TEST_CASE("a client that was busy all the time says so, one that was not does not") {
  Run run;
  Report report = run.report();
  report.elapsed = 1s;
  report.own = {850ms, 850ms, 50ms};
  CHECK(limits_of(report).empty());
  report.own = {650ms, 650ms, 300ms};
  REQUIRE(limits_of(report).size() == 1);
  CHECK(contains(limits_of(report)[0], "busy 95 % of the run, 30 % waiting for a core"));
  CHECK(nlohmann::json::parse(to_json(report))["client_busy"] == doctest::Approx(0.95));
  CHECK(contains(to_text(report), "650.0 ms CPU, busy 95.0 % of the run"));
}

TEST_CASE("requests that left late are told of in an open loop, with what held them up") {
  Run run(0);
  for (int i = 0; i < 10; ++i) {
    Request request = run.request(i);
    request.sent += 5ms;
    run.tally.sent(request, 1);
    run.tally.answered(request, {proto::Status::ok, 4000, 1}, request.intended + 8ms);
  }
  Report report = run.report();
  CHECK(limits_of(report).empty());
  report.open_loop = true;
  REQUIRE(limits_of(report).size() == 1);
  CHECK(contains(limits_of(report)[0], "or more after its time, as this machine was busy with something"));
  report.elapsed = 1s;
  report.own = {700ms, 700ms, 0ms};
  CHECK(contains(limits_of(report)[0], "or more after its time, as the client could not keep up"));
  report.depth = 1;
  CHECK(contains(limits_of(report)[0], "as its connections had no room: more --concurrency"));
}

TEST_CASE("a ratio that tells of the loop or of limits more than of the schedule says so") {
  Run run;
  Report report = run.report();
  report.connections = 3, report.depth = 1;  // before two servers
  REQUIRE(limits_of(report).size() == 1);
  CHECK(contains(limits_of(report)[0], "does not know that no more than 3 requests can be open"));
  report.connections = 4;
  CHECK(limits_of(report).empty());
  run.tally.refused();
  REQUIRE(limits_of(report).size() == 1);
  CHECK(contains(limits_of(report)[0], "does not know that requests were refused for a while"));
  report.open_loop = true;
  CHECK(limits_of(report).empty());
}

TEST_CASE("what happened between two looks is told once, with every end of a request") {
  Run run(0);
  run.tally.watch();
  for (int i = 0; i < 4; ++i) run.tally.sent(run.request(i), 1);
  run.tally.answered(run.request(0), {proto::Status::ok, 4000, 1}, run.request(0).sent + 8ms);
  run.tally.answered(run.request(1), {proto::Status::no_server, 0, std::nullopt}, kStart + 50ms);
  run.tally.wrong(Fault::body);
  run.tally.wrong(Fault::unexpected);
  run.tally.lost();
  const Interval interval = run.tally.take_interval();
  CHECK(interval.sent == 4);
  CHECK(interval.ok == 1);
  CHECK(interval.failed == 3);
  CHECK(interval.latency.max() == 8ms);
  CHECK(run.tally.take_interval().sent == 0);
}

TEST_CASE("types and servers are reported by name, and servers that did nothing too") {
  const auto json = Run().json();
  REQUIRE(json["by_type"].size() == 1);
  CHECK(json["by_type"][0]["name"] == "video");
  CHECK(json["by_type"][0]["requests"] == 10);
  CHECK(json["by_type"][0]["work"] == 40);
  CHECK(json["by_type"][0]["mean_service_us"] == 4000.0);
  CHECK(json["by_type"][0]["latency_us"]["mean"] == 8000.0);
  REQUIRE(json["by_server"].size() == 2);
  CHECK(json["by_server"][0]["name"] == "video-1");
  CHECK(json["by_server"][0]["ok"] == 10);
  CHECK(json["by_server"][0]["work"] == 40);
  CHECK(json["by_server"][0]["busy"] == doctest::Approx(0.040 / 0.098));
  CHECK(json["by_server"][1]["name"] == "music-1");
  CHECK(json["by_server"][1]["ok"] == 0);
}

TEST_CASE("a server that was not described is reported by its number") {
  Run run;
  run.tally.answered(run.request(3), {proto::Status::ok, 4000, 5}, kStart + 1s);
  CHECK(run.json()["by_server"][2]["name"] == "server 5");
}

TEST_CASE("a server number from the wire cannot cost memory") {
  Run run;
  run.tally.answered(run.request(3), {proto::Status::ok, 4000, 4000000000U}, kStart + 1s);
  CHECK(run.tally.servers().size() == 2);
  CHECK(run.tally.ok() == 11);
}

TEST_CASE("every request is in exactly one of the counts") {
  Run run(4);
  for (int i = 4; i < 9; ++i) run.tally.sent(run.request(i), 2);
  run.tally.answered(run.request(4), {proto::Status::no_server, 0, std::nullopt}, kStart + 50ms);
  run.tally.answered(run.request(5), {static_cast<proto::Status>(4711), 0, std::nullopt}, kStart + 60ms);
  run.tally.wrong(Fault::body);
  run.tally.lost();
  run.tally.unanswered(1);
  const auto json = run.json();
  CHECK(json["requests"] == 9);
  CHECK(json["ok"] == 4);
  CHECK(json["failed"] == nlohmann::json{{"no_server", 1}, {"unknown", 1}, {"connection_lost", 1}});
  CHECK(json["wrong"] == 1);
  CHECK(json["wrong_by"] == nlohmann::json{{"body", 1}});
  CHECK(json["unanswered"] == 1);
}

TEST_CASE("there is no ratio when not every request was served") {
  Run run;
  run.tally.sent(run.request(10), 1);
  run.tally.unanswered(1);
  CHECK(run.json()["ratio"].is_null());
  CHECK_FALSE(all_good(run.report()));
}

TEST_CASE("there is no lower bound either: what was not served is in it and not in the makespan") {
  Run run;
  run.tally.sent(run.request(10), 1);
  run.tally.answered(run.request(10), {proto::Status::no_server, 0, std::nullopt}, kStart + 200ms);
  CHECK(run.json()["lower_bound_s"].is_null());
  CHECK(contains(to_text(run.report()), "  lower bound  -, since not every request was served\n"));
}

TEST_CASE("where nothing was served there is no makespan") {
  Run run(0);
  run.tally.sent(run.request(0), 1);
  run.tally.answered(run.request(0), {proto::Status::no_server, 0, std::nullopt}, kStart + 1ms);
  CHECK(run.json()["makespan_s"].is_null());
  CHECK(contains(to_text(run.report()), "  makespan     -\n"));
}

TEST_CASE("servers that beat the bound are faster than declared, and there is no ratio") {
  const Run run;
  Report report = run.report();
  report.lower_bound = 200ms;
  const auto json = nlohmann::json::parse(to_json(report));
  CHECK(json["faster_than_declared"] == true);
  CHECK(json["ratio"].is_null());
  CHECK(contains(to_text(report),
                 "200.0 ms, but the servers are faster than declared, or more of them came meanwhile\n"));
  CHECK_FALSE(contains(to_text(report), "ratio"));
}

TEST_CASE("refused requests are told apart from failed ones") {
  Run run;
  for (int i = 10; i < 12; ++i) {
    run.tally.sent(run.request(i), 1);
    run.tally.answered(run.request(i), {proto::Status::draining, 0, std::nullopt}, kStart + 120ms);
  }
  const std::string text = to_text(run.report());
  CHECK(contains(text, "  refused      2 draining\n"));
  CHECK_FALSE(contains(text, "  failed  "));
}

TEST_CASE("a warm-up is told, is in no other figure, and must be right all the same") {
  Run run;
  Tally warm_up(3);
  warm_up.sent(run.request(0), 1);
  Report report = run.report();
  report.warm_up = &warm_up;
  CHECK_FALSE(all_good(report));
  warm_up.answered(run.request(0), {proto::Status::ok, 0, std::nullopt}, kStart + 9s);
  CHECK(all_good(report));
  CHECK(contains(to_text(report), "  warm-up      1 sent, 1 ok, in no other figure\n"));
  CHECK(contains(to_text(report), "  makespan     98.00 ms\n"));
  CHECK(nlohmann::json::parse(to_json(report))["warm_up"]["ok"] == 1);
}

TEST_CASE("the whole distribution of latencies is shown to who asks for it") {
  const Run run;
  Report report = run.report();
  CHECK_FALSE(contains(to_text(report), "99.99 %"));
  report.distribution = true;
  CHECK(contains(to_text(report), " 99.99 %         8.000 ms\n"));
}

TEST_CASE("a run is good only when it is complete and nothing was wrong") {
  Run run;
  CHECK(all_good(run.report()));
  Report interrupted = run.report();
  interrupted.ending.kind = Ending::Kind::interrupted;
  CHECK_FALSE(all_good(interrupted));
  run.tally.wrong(Fault::unexpected);
  CHECK_FALSE(all_good(run.report()));
}

TEST_CASE("an open loop counts latency from the intended time, and says how late it sent") {
  Tally tally(3);
  Request late;
  late.intended = kStart;
  late.sent = kStart + 5ms;
  tally.sent(late, 1);
  tally.answered(late, {proto::Status::ok, 0, std::nullopt}, kStart + 7ms);
  CHECK(tally.latency().max() == 7ms);
  CHECK(tally.lateness().max() == 5ms);
  CHECK(tally.makespan() == 7ms);
}

TEST_CASE("the text report shows makespan, bound and ratio, and trouble only where there is some") {
  const std::string text = to_text(Run().report());
  CHECK(contains(text, "  makespan     98.00 ms\n"));
  CHECK(contains(text, "  lower bound  49.00 ms, which no schedule can beat\n"));
  CHECK(contains(text, "  ratio        2.000\n"));
  CHECK(contains(text, "10 sent, 10 ok\n"));
  CHECK_FALSE(contains(text, "wrong"));
  CHECK_FALSE(contains(text, "retries"));
}

TEST_CASE("the report of a run in which nothing was sent is still a report") {
  const Run run(0);
  CHECK(contains(to_text(run.report()), "0 sent, 0 ok"));
  CHECK(run.json()["throughput_rps"] == 0.0);
}

TEST_CASE("tables are aligned, and no line ends in blanks") {
  Table table(1);
  table.add({"name", "n", ""});
  table.add({"a", "1,000", ""});
  CHECK(table.text() == "  name      n\n  a     1,000\n");
}

TEST_CASE("progress is the part of the requests or of the time, whichever is more") {
  CHECK(part_done({50, 1, 200, 1s, 0s}) == 0.25);
  CHECK(part_done({50, 1, 200, 1s, 2s}) == 0.5);
  CHECK(part_done({50, 1, std::nullopt, 3s, 2s}) == 1.0);
  CHECK_FALSE(part_done({50, 1, std::nullopt, 3s, 0s}).has_value());
  CHECK(progress_line({150, 16, 300, 1s, 0s}, 412.3) ==
        "[###############...............]  50 %  150 of 300 answered  412.3/s  16 open");
}
