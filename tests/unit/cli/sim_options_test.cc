#include "lb/cli/sim_options.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/temp_file.h"

namespace finishline::cli {
namespace {

std::string problem_of(const SimOptions& options) {
  const auto planned = plan_of(options);
  const auto* problem = std::get_if<std::string>(&planned);
  return problem ? *problem : "";
}

SimPlan plan(const SimOptions& options) { return std::get<SimPlan>(plan_of(options)); }

TEST_CASE("without flags all policies meet a batch and Poisson load on the seed set-up") {
  const SimPlan defaults = plan({});
  REQUIRE(defaults.trials.size() == 2);
  CHECK(defaults.policies.size() == sched::policies().size() + 1);  // and adaptive
  CHECK(defaults.policies.back() == &sched::adaptive());
  CHECK(defaults.trials[0].arrivals == "batch");
  CHECK(defaults.trials[0].scenario.traffic.requests == kBatchRequests);
  CHECK(defaults.trials[1].scenario.traffic.rate == doctest::Approx(540).epsilon(0.01));
  CHECK(defaults.trials[0].scenario.servers.size() == 3);
  CHECK(defaults.trials[0].scenario.servers[1].name == "video-2");
}

TEST_CASE("flags choose servers, mix, requests and policies") {
  SimOptions options;
  options.servers = "music=3";
  options.mix = "V=3,music=1";
  options.requests = "2k";
  options.policies = "regret,random";
  options.arrivals = "batch";
  options.gamma = 2.0;
  const SimPlan chosen = plan(options);
  REQUIRE(chosen.trials.size() == 1);
  const sim::Scenario& scenario = chosen.trials[0].scenario;
  CHECK(scenario.servers.size() == 3);
  CHECK(scenario.traffic.weights[*scenario.cost.request_type_of('V')] == 3);
  CHECK(scenario.traffic.weights[*scenario.cost.request_type_of('P')] == 0);
  CHECK(scenario.traffic.requests == 2000);
  REQUIRE(chosen.policies.size() == 2);
  CHECK(chosen.policies[0]->name == "regret");
  CHECK(chosen.params.gamma == 2.0);
}

TEST_CASE("the names of rows are taken as policies, or told as the flags that they are") {
  SimOptions options;
  options.policies = "makespan-early";
  CHECK(plan(options).policies.at(0)->name == "makespan");
  CHECK(sim::Contender(*plan(options).policies.at(0)).name == "makespan-early");
  options.policies = "makespan-longest";
  CHECK(problem_of(options) ==
        "--policies: 'makespan-longest' is makespan bound late: say --binding late --order longest");
  options.policies = "late-balanced";
  CHECK(problem_of(options).find("say --binding late --order balanced") != std::string::npos);
}

TEST_CASE("late binding plays beside the policies, in all orders, or one alone") {
  const SimPlan both = plan({});
  REQUIRE(both.late.size() == 3);
  CHECK(both.late[0].name == "makespan");  // as in the proxy
  CHECK(both.late[1].name == "makespan-shortest");
  CHECK_FALSE(both.late[0].late.mark.has_value());
  SimOptions options;
  options.binding = "late";
  options.order = "longest";
  options.mark = "500us";
  options.workers = 4;
  options.rtt = "100us";
  options.noise = 0.3;
  options.slots = 2;
  options.wrong = 0.5;
  options.learn = "on";
  const SimPlan late = plan(options);
  CHECK(late.policies.empty());
  REQUIRE(late.late.size() == 1);
  CHECK(late.late[0].late.rule.order == sched::WaitOrder::longest);
  CHECK(late.late[0].late.mark == 500us);
  CHECK(late.late[0].late.workers == 4);
  CHECK(late.late[0].late.wrong == 0.5);
  CHECK(late.late[0].late.learn);
  CHECK(late.trials[0].scenario.round_trip == 100us);
  CHECK(late.trials[0].scenario.noise == 0.3);
  CHECK(late.trials[0].scenario.servers[2].slots == 2);
  options.binding = "early";
  CHECK(plan(options).late.empty());
}

TEST_CASE("a trace of a language-model service has types by context and lengths by tokens") {
  const test::TempFile file(
      "TIMESTAMP,ContextTokens,GeneratedTokens\n"
      "2024-05-01 10:00:00.0000000,900,7\n2024-05-01 10:00:00.5000000,10,90\n2024-05-01 "
      "10:00:02.0000000,100,5\n");
  SimOptions options;
  options.trace = file.path();
  const SimPlan replay = plan(options);
  const sim::Scenario& scenario = replay.trials[0].scenario;
  CHECK(sim::requests_of(scenario, 1) ==
        std::vector<sim::SimRequest>{{{0ms, 2, 7}}, {{500ms, 0, 90}}, {{2000ms, 1, 5}}});
}

TEST_CASE("what makes no sense is refused with the name of its flag") {
  const auto refusal = [](auto set) {
    SimOptions options;
    set(options);
    const std::string problem = problem_of(options);
    return problem.substr(0, problem.find(':'));
  };
  CHECK(refusal([](SimOptions& o) { o.servers = "audio=1"; }) == "--servers");
  CHECK(refusal([](SimOptions& o) { o.servers = "video=1.5"; }) == "--servers");
  CHECK(refusal([](SimOptions& o) { o.unit = "0"; }) == "--unit");
  CHECK(refusal([](SimOptions& o) { o.policies = "makespan,fastest"; }) == "--policies");
  CHECK(refusal([](SimOptions& o) { o.policies = ""; }) == "--policies");
  CHECK(refusal([](SimOptions& o) { o.requests = "0"; }) == "--requests");
  CHECK(refusal([](SimOptions& o) { o.mix = "audio=1"; }) == "--mix");
  CHECK(refusal([](SimOptions& o) { o.length = "long"; }) == "--length");
  CHECK(refusal([](SimOptions& o) { o.load = 0; }) == "--load");
  CHECK(refusal([](SimOptions& o) { o.length = "const:0"; }) == "--load");
  CHECK(refusal([](SimOptions& o) { o.seeds = 0; }) == "--seeds");
  CHECK(refusal([](SimOptions& o) { o.order = "fastest"; }) == "--order");
  CHECK(refusal([](SimOptions& o) { o.mark = "far"; }) == "--mark");
  CHECK(refusal([](SimOptions& o) { o.workers = 0; }) == "--workers");
  CHECK(refusal([](SimOptions& o) { o.wake_up = "soon"; }) == "--wake-up");
  CHECK(refusal([](SimOptions& o) { o.rtt = "soon"; }) == "--rtt");
  CHECK(refusal([](SimOptions& o) { o.noise = 1; }) == "--noise");
  CHECK(refusal([](SimOptions& o) { o.aging = -1; }) == "--aging");
  CHECK(refusal([](SimOptions& o) { o.slots = 0; }) == "--slots");
  CHECK(refusal([](SimOptions& o) { o.wrong = 3; }) == "--wrong");
}

TEST_CASE("a trace is replayed as it stands, whatever else is asked for") {
  const test::TempFile file("time_s,type,length\n0.001,music,9\n0.002,V,3\n");
  SimOptions options;
  options.trace = file.path();
  const SimPlan replay = plan(options);
  REQUIRE(replay.trials.size() == 1);
  const sim::Scenario& scenario = replay.trials[0].scenario;
  const RequestType video = *scenario.cost.request_type_of('V'), music = *scenario.cost.request_type_of('M');
  CHECK(sim::requests_of(scenario, 5) == std::vector<sim::SimRequest>{{{1ms, music, 9}}, {{2ms, video, 3}}});
}

TEST_CASE("a trace that cannot be used is a problem that names the file") {
  SimOptions options;
  options.trace = "/nonexistent/trace.csv";
  CHECK(problem_of(options).find("/nonexistent/trace.csv") != std::string::npos);
  const test::TempFile file("0.001,audio,9\n");
  options.trace = file.path();
  CHECK(problem_of(options).find("'audio'") != std::string::npos);
  const test::TempFile empty("time_s,type,length\n");
  options.trace = empty.path();
  CHECK(problem_of(options).find(empty.path()) != std::string::npos);
}

constexpr auto kConfig = R"(
[work]
unit = "2ms"
types = { read = "R", write = "W" }
[cost.primary]
read = 1
write = 1
[cost.replica]
read = 1
[[listener]]
name = "front"
bind = "127.0.0.1:0"
pool = "db"
[pool.db]
policy = "regret"
gamma = 0.75
[[server]]
name = "one"
pool = "db"
type = "primary"
address = "127.0.0.1:9001"
[[server]]
name = "two"
pool = "db"
type = "replica"
address = "127.0.0.1:9002"
speed = 2.0
slots = 4
)";

TEST_CASE("a configuration gives servers, costs and gamma") {
  const test::TempFile file(kConfig);
  SimOptions options;
  options.config = file.path();
  options.arrivals = "batch";
  const auto planned = plan_of(options);
  REQUIRE_MESSAGE(std::holds_alternative<SimPlan>(planned), problem_of(options));
  const SimPlan& from_file = std::get<SimPlan>(planned);
  const sim::Scenario& scenario = from_file.trials[0].scenario;
  REQUIRE(scenario.servers.size() == 2);
  CHECK(scenario.servers[1].name == "two");
  CHECK(scenario.servers[1].speed == 2.0);
  CHECK(scenario.servers[1].slots == 4);
  CHECK(scenario.cost.unit() == 2ms);
  CHECK(scenario.traffic.weights.size() == 2);
  CHECK(from_file.params.gamma == 0.75);
}

TEST_CASE("an unknown pool and a bad configuration are problems") {
  const test::TempFile file(kConfig);
  SimOptions options;
  options.config = file.path();
  options.pool = "web";
  CHECK(problem_of(options).find("there is no pool 'web'") != std::string::npos);
  const test::TempFile bad("[work]\nunit = 7\n");
  options.config = bad.path();
  CHECK(problem_of(options).find(bad.path()) != std::string::npos);
}

}  // namespace
}  // namespace finishline::cli
