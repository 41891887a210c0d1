#include "lb/cli/sim_report.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/sim/scenarios.h"

namespace finishline::cli {
namespace {

Experiment one_experiment(std::uint64_t refused) {
  sim::Summary row;
  row.policy = sched::find_policy("makespan");
  row.name = row.policy->name;
  row.first_seed = 7, row.runs = 2, row.requests = 20, row.refused = refused;
  row.ratio_p50 = 1.0949, row.ratio_p95 = 1.25, row.ratio_max = 1.5;
  row.latency_mean = 12ms, row.latency_p99 = 3s;
  row.counts = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
  return {"batch", "10 requests at once, 2 seeds", {row}};
}

TEST_CASE("the text report has a title and a row per policy") {
  const std::string text = text_report(std::vector{one_experiment(0)});
  CHECK(text.find("batch: 10 requests at once, 2 seeds\n") == 0);
  CHECK(text.find("makespan                 1.095   1.250   1.500      12.00 ms     3.000 s\n") !=
        std::string::npos);
  CHECK(text.find("refused") == std::string::npos);
}

TEST_CASE("the text report says when requests were refused") {
  CHECK(text_report(std::vector{one_experiment(1234)}).find("1,234 refused\n") != std::string::npos);
}

TEST_CASE("the JSON report carries the same numbers and the counts by name") {
  const auto json = nlohmann::json::parse(json_report(std::vector{one_experiment(3)}, test::seed_batch(1)));
  const auto& experiment = json["experiments"][0];
  CHECK(experiment["arrivals"] == "batch");
  const auto& row = experiment["policies"][0];
  CHECK(row["policy"] == "makespan");
  CHECK(row["seed"] == 7);
  CHECK(row["ratio"]["p95"] == 1.25);
  CHECK(row["latency_us"]["mean"] == doctest::Approx(12000));
  CHECK(row["refused"] == 3);
  CHECK(row["by_server"]["music-1"]["video"] == 7);
}

}  // namespace
}  // namespace finishline::cli
