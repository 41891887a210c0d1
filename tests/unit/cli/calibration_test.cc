#include "lb/cli/calibration.h"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "lb/cli/calibrate_command.h"
#include "lb/cli/calibration_report.h"
#include "lb/model/cost_file.h"

using namespace finishline;
using cli::Calibration;

namespace {

const std::vector<ServerSpec> kServers = {
    {0, "video-1", 0, 1, 1}, {1, "video-2", 0, 1, 1}, {2, "music-1", 1, 2, 1}};

/// What is true of the servers: by how much each pair costs more than it is declared.
struct Truth {
  double factor[2][3] = {{1, 1, 1}, {1, 1, 1}};
  double slower[3] = {1, 1, 1};  // servers
  double noise = 0;
};

/// A trace of servers that are so, every one of which does every type.
std::vector<model::TraceRow> trace_of(const Truth& truth, std::size_t rows, unsigned seed = 1) {
  const CostModel cost = CostModel::seed(1ms);
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise(0, 1);
  std::vector<model::TraceRow> trace;
  for (std::size_t i = 0; i < rows; ++i) {
    const ServerSpec& server = kServers[i % 3];
    const auto type = static_cast<RequestType>(i / 3 % 3);
    const auto length = static_cast<std::uint32_t>(1 + random() % 9);
    const double nanos = length * cost.nanos_per_unit(server.type, type, server.speed) *
                         truth.factor[server.type][type] * truth.slower[i % 3] *
                         std::exp(truth.noise * noise(random));
    trace.push_back({.at = static_cast<std::int64_t>(i) * 1ms,
                     .type = cost.request_types()[type].name,
                     .length = length,
                     .service = Nanos(std::llround(nanos)),
                     .server = server.name});
  }
  return trace;
}

Calibration calibration_of(const std::vector<model::TraceRow>& rows) {
  return cli::calibrate(rows, CostModel::seed(1ms), kServers);
}

}  // namespace

TEST_CASE("costs that are known are recovered from a trace of them") {
  const Truth truth{.factor = {{1.2, 0.5, 1}, {3, 1, 0.8}}, .noise = 0.1};
  const Calibration found = calibration_of(trace_of(truth, 9000));
  REQUIRE(found.costs.size() == 6);
  CHECK(found.used == 9000);
  for (std::size_t i = 0; i < 6; ++i) {
    const cli::CalibratedCost& cost = found.costs[i];
    CHECK(cost.fitted() == doctest::Approx(cost.declared * truth.factor[i / 3][i % 3]).epsilon(0.01));
    const model::Interval within = cost.fit->factor_within(0.999);
    CHECK(within.low <= truth.factor[i / 3][i % 3]);
    CHECK(within.high >= truth.factor[i / 3][i % 3]);
    CHECK(cost.learned == doctest::Approx(cost.fitted()).epsilon(0.1));
  }
  CHECK(found.unlike.empty());
}

TEST_CASE("without noise they are recovered to what the clock tells") {
  const Calibration found = calibration_of(trace_of({.factor = {{2, 1, 1}, {1, 1, 1}}}, 90));
  CHECK(found.costs[0].fitted() == doctest::Approx(2).epsilon(1e-6));
  CHECK(found.costs[1].fitted() == doctest::Approx(1).epsilon(1e-6));
}

TEST_CASE("a server that is slower than its like is told apart, with its speed") {
  const Calibration found = calibration_of(trace_of({.slower = {1, 1.5, 1}, .noise = 0.05}, 3000));
  REQUIRE(found.unlike.size() == 2);  // each is unlike the middle of both
  CHECK(found.unlike[1].server == "video-2");
  CHECK(found.unlike[0].shown_speed / found.unlike[1].shown_speed == doctest::Approx(1.5).epsilon(0.05));
}

TEST_CASE("rows that tell of no service, or of what is not configured, are counted and used for nothing") {
  auto rows = trace_of({}, 30);
  rows[0].service = 0ns;
  rows[1].server = "video-9";
  rows[2].type = "text";
  rows[3].server.clear();
  const Calibration found = calibration_of(rows);
  CHECK(found.used == 26);
  CHECK(found.without_time == 2);
  REQUIRE(found.unknown.size() == 2);
  CHECK(found.unknown[0].first == "server video-9");
  CHECK(found.unknown[1].first == "type text");
}

TEST_CASE("what is printed is TOML that the cost file reader takes, with the costs that were shown") {
  const Calibration found = calibration_of(trace_of({.factor = {{1.25, 1, 1}, {1, 1, 1}}}, 900));
  const std::string toml = calibration_toml(found, "trace.csv", 0.99);
  const auto read = model::parse_cost_file(toml, "costs.toml");
  REQUIRE(std::holds_alternative<model::CostFile>(read));
  const CostModel& cost = std::get<model::CostFile>(read).cost;
  const auto video = cost.server_type_named("video");
  REQUIRE(video);
  CHECK(*cost.factor(*video, *cost.request_type_of('V')) == doctest::Approx(1.25).epsilon(0.001));
  CHECK(toml.find("+25.0 %") != std::string::npos);
  const auto json = cli::calibration_json(found, 0.99);
  CHECK(json["costs"][0]["wrong_by"].get<double>() == doctest::Approx(0.25).epsilon(0.001));
}

TEST_CASE("without replies the declared costs stand") {
  const Calibration found = calibration_of({});
  CHECK(calibration_toml(found, "trace.csv", 0.99).find("too few samples: as declared") != std::string::npos);
  CHECK(found.costs[0].fitted() == 1);
}

TEST_CASE("costs that have changed on the way are told, with what they are at the end") {
  auto rows = trace_of({.noise = 0.05}, 3000);
  const auto later = trace_of({.factor = {{2, 1, 1}, {1, 1, 1}}, .noise = 0.05}, 1500, 2);
  rows.insert(rows.end(), later.begin(), later.end());
  const Calibration found = calibration_of(rows);
  CHECK(found.costs[0].learned > 1.6);
  CHECK(calibration_toml(found, "trace.csv", 0.99).find("at the end") != std::string::npos);
}

TEST_CASE("an access log is read as a trace, and what is none is refused with its line") {
  const std::string line =
      R"({"type":"video","length":3,"server":"video-1","status":"ok","waiting_ms":0.0,"service_ms":3.5})";
  const std::string failed = R"({"type":"video","length":3,"server":"","status":"no_server","service_ms":0})";
  const std::string stream = R"({"listener":"redis","server":"redis-1","ended":"finished","bytes_in":3})";
  const auto rows = cli::parse_access_log(line + "\n" + stream + "\n" + failed + "\n");
  REQUIRE(std::holds_alternative<std::vector<model::TraceRow>>(rows));
  const auto& read = std::get<std::vector<model::TraceRow>>(rows);
  REQUIRE(read.size() == 2);
  CHECK(read[0].service == 3500us);
  CHECK(read[0].server == "video-1");
  CHECK(read[1].service == 0ns);
  const auto wrong = cli::parse_access_log(line + "\n{}\n");
  CHECK(std::get<std::string>(wrong).find("line 2: this is no line of an access log") == 0);
}
