#include "client/scenario.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::client;

namespace {

Inputs inputs_of(Options options) { return {std::move(options), {}, std::nullopt, std::nullopt, false}; }

Scenario scenario_of(const Inputs& inputs) { return std::get<Scenario>(make_scenario(inputs)); }
std::string problem_of(const Inputs& inputs) {
  auto made = make_scenario(inputs);
  const auto* problem = std::get_if<std::string>(&made);
  return problem == nullptr ? "" : *problem;
}

Description described() {
  Description description;
  description.cost = CostModel::seed(1ms);
  description.servers = {{0, "video-1", 0, 1, 1}, {1, "music-1", 1, 1, 1}};
  description.max_length = 50;
  return description;
}

}  // namespace

TEST_CASE("without a word a closed loop of 1000 requests of all types is played") {
  const Scenario scenario = scenario_of(inputs_of({}));
  CHECK_FALSE(scenario.open_loop);
  CHECK(scenario.depth == 1);
  CHECK(scenario.plan().size() == 1000U);
  CHECK(scenario.traffic.weights == std::vector<double>{1, 1, 1});
  CHECK(scenario.bound_servers.empty());
}

TEST_CASE("a rate makes an open loop, which waits for no reply") {
  Options options;
  options.rate = 100;
  CHECK(scenario_of(inputs_of(options)).open_loop);
  CHECK(scenario_of(inputs_of(options)).depth == 0);
  options.mini = true;
  CHECK(scenario_of(inputs_of(options)).depth == 1);
}

TEST_CASE("a rate that changes takes the whole run, or each step as long as is said") {
  Options options;
  options.rate = std::get<model::RateLaw>(model::RateLaw::parse("100,200"));
  CHECK(problems_in(options) ==
        std::vector<std::string>{
            "--rate with several rates needs --step, how long each is kept, or --duration"});
  options.step = 10s;
  CHECK(problems_in(options).empty());
  CHECK(scenario_of(inputs_of(options)).traffic.duration == 20s);
  CHECK(scenario_of(inputs_of(options)).traffic.pace->begin_of(1) == 10s);
  options.warmup = 20s;
  CHECK(problems_in(options).size() == 1);
  options.warmup = 0s;
  options.duration = 5s;
  CHECK(problems_in(options) ==
        std::vector<std::string>{"--step says how long each rate is kept: leave --duration out"});
  options.step = 0s;
  CHECK(scenario_of(inputs_of(options)).traffic.pace->begin_of(1) == 2500ms);
  options.rate = std::get<model::RateLaw>(model::RateLaw::parse("100..200"));
  CHECK(problems_in(options).empty());
  CHECK(scenario_of(inputs_of(options)).arrivals == "open loop, poisson at 100.0/s to 200.0/s");
  options.duration = 0s;
  CHECK(problems_in(options) ==
        std::vector<std::string>{"--rate 100.0/s to 200.0/s is a ramp over the whole run: give --duration"});
  options.step = 1s;
  CHECK(problems_in(options).size() == 2);
}

TEST_CASE("there is time to think in closed loops alone, and after each reply") {
  Options options;
  options.think = ThinkTime(50ms, true);
  CHECK(problems_in(options).empty());
  CHECK(scenario_of(inputs_of(options)).arrivals == "closed loop, 50.00 ms on average to think");
  options.pipeline = 2;
  CHECK(problems_in(options) ==
        std::vector<std::string>{
            "--think lets a connection wait for its reply first: --pipeline can only be 1 with it"});
  options.pipeline.reset();
  options.rate = 100;
  CHECK(problems_in(options).size() == 1);
}

TEST_CASE("threads have a connection each, and write no file per request") {
  Options options;
  options.threads = 17;
  CHECK(problems_in(options).size() == 1);
  options.threads = 2;
  CHECK(problems_in(options).empty());
  options.save_replies = "replies.csv";
  CHECK(problems_in(options).size() == 1);
}

TEST_CASE("the bound of what threads have sent is that of the same requests, by whom ever") {
  Inputs inputs = inputs_of({});
  inputs.description = described();
  const Scenario scenario = scenario_of(inputs);
  CHECK(bound_of(scenario, {{0, 100}, {0, 100}}) == bound_of(scenario, 0, 200));
  CHECK(bound_of(scenario, {{0, 34}, {0, 33}, {0, 33}}) == bound_of(scenario, 0, 100));
  CHECK(*bound_of(scenario, {{0, 100}, {0, 0}}) < *bound_of(scenario, 0, 200));
}

TEST_CASE("a mix names types by name or by letter, and a letter that nobody knows is sent all the same") {
  Options options;
  options.mix = {{"M", 2}, {"video", 1}, {"x", 1}};
  const Scenario scenario = scenario_of(inputs_of(options));
  CHECK(scenario.traffic.weights == std::vector<double>{1, 0, 2, 1});
  CHECK(scenario.cost.request_types()[3].code == 'x');
  options.mix = {{"radio", 1}};
  CHECK(problem_of(inputs_of(options)) ==
        "--mix: there is no request type 'radio'; known are video, picture, music, or any letter");
}

TEST_CASE("lengths without an end are cut at what the other side takes, others are sent as said") {
  Inputs inputs = inputs_of({});
  inputs.description = described();
  inputs.options.lengths = std::get<model::LengthLaw>(model::LengthLaw::parse("exp:100"));
  CHECK(scenario_of(inputs).traffic.max_length == 50);
  inputs.options.lengths = std::get<model::LengthLaw>(model::LengthLaw::parse("const:4000000000"));
  CHECK(scenario_of(inputs).traffic.max_length == 4294967295U);
}

TEST_CASE("the lower bound knows the servers told, or those that the user gives") {
  Inputs inputs = inputs_of({});
  inputs.description = described();
  CHECK(scenario_of(inputs).bound_servers.size() == 2);
  inputs.options.servers = {{"video", 2}, {"music", 1}};
  CHECK(scenario_of(inputs).bound_servers.size() == 3);
  CHECK(scenario_of(inputs).servers.size() == 2);
  inputs.options.servers = {{"radio", 1}};
  CHECK(problem_of(inputs) == "--servers: there is no server type 'radio'");
}

TEST_CASE("a cost file overrides what is told, server types found by name") {
  Inputs inputs = inputs_of({});
  inputs.description = described();
  model::CostFile file{CostModel(5ms), {}};
  file.cost.add_request_type("video", 'V');
  file.cost.add_server_type("music");
  file.cost.add_server_type("video");
  inputs.cost = file;
  const Scenario scenario = scenario_of(inputs);
  CHECK(scenario.cost.unit() == 5ms);
  CHECK(scenario.bound_servers[0].type == *file.cost.server_type_named("video"));
  inputs.cost->cost = CostModel(5ms);
  CHECK(problem_of(inputs) == "--cost has no [cost.video], but there is a server of that type");
}

TEST_CASE("a trace is played at its times, or as fast as replies come") {
  Inputs inputs = inputs_of({});
  inputs.options.trace = "t.csv";
  inputs.trace = {{10ms, "video", 3}, {20ms, "M", 4}, {30ms, "picture", 5}};
  CHECK(scenario_of(inputs).open_loop);
  CHECK(model::list_of(scenario_of(inputs).plan(), 9) ==
        std::vector<model::PlannedRequest>{{10ms, 0, 3}, {20ms, 2, 4}, {30ms, 1, 5}});
  inputs.options.requests = 1;
  CHECK(scenario_of(inputs).rows.size() == 1);
  inputs.options.requests = 0;
  inputs.options.duration = 20ms;
  CHECK(scenario_of(inputs).rows.size() == 1);
  inputs.options.arrivals = model::Arrivals::closed;
  CHECK(scenario_of(inputs).rows.size() == 3);
  CHECK(scenario_of(inputs).rows[2].at == 0ns);
}

TEST_CASE("a trace that does not fit the mini protocol is refused") {
  Inputs inputs = inputs_of({});
  inputs.options.trace = "t.csv";
  inputs.options.mini = true;
  inputs.trace = {{0ms, "video", 10}};
  CHECK(problem_of(inputs) == "t.csv: length 10 does not fit the mini protocol (0 to 9)");
}

TEST_CASE("the bound counts from the first release and covers what was sent") {
  Inputs inputs = inputs_of({});
  inputs.description = described();
  inputs.options.trace = "t.csv";
  inputs.trace = {{100ms, "video", 9}, {200ms, "video", 1000}};
  const Scenario scenario = scenario_of(inputs);
  CHECK(bound_of(scenario, 0, 1) == 9ms);
  CHECK(bound_of(scenario, 0, 2) == 1100ms);
  CHECK(bound_of(scenario, 0, 0) == 0ns);
  CHECK_FALSE(bound_of(scenario_of(inputs_of({})), 0, 5).has_value());
}

TEST_CASE("options that contradict each other are all named at once") {
  Options options;
  CHECK(problems_in(options).empty());
  options.arrivals = model::Arrivals::poisson;
  options.mini = true;
  options.lengths = std::get<model::LengthLaw>(model::LengthLaw::parse("1..10"));
  options.deadline = 1s;
  options.reconnect = true;
  options.pipeline = 4;
  options.servers = {{"video", 1.5}};
  CHECK(problems_in(options).size() == 5);
}

TEST_CASE("what belongs to TLS is refused without it") {
  Options options;
  options.ca = "ca.pem";
  options.server_name = "media";
  options.tls_cert = "own.pem";
  options.insecure = true;
  const auto problems = problems_in(options);
  REQUIRE(problems.size() == 4);
  CHECK(problems[0] == "--ca needs --tls: without it nothing is encrypted");
  options = {};
  options.tls = true;
  options.ca = "ca.pem";
  CHECK(problems_in(options).empty());
}

TEST_CASE("a burst has a size where bursts come at a rate, and nowhere else") {
  Options options;
  options.burst = 5;
  CHECK(problems_in(options) ==
        std::vector<std::string>{
            "--burst needs --rate; how many come in a single burst is said by --requests"});
  options.rate = 10;
  CHECK(problems_in(options) == std::vector<std::string>{"--burst is for --arrivals burst"});
  options.arrivals = model::Arrivals::burst;
  CHECK(problems_in(options).empty());
}

TEST_CASE("a body for the mini protocol is refused") {
  Options options;
  options.mini = true;
  CHECK(problems_in(options).empty());
  options.body = 100;
  CHECK(problems_in(options) ==
        std::vector<std::string>{"requests of the mini protocol are two bytes and have no body: --body"});
}

TEST_CASE("a warm-up leaves something to measure") {
  Options options;
  options.duration = 10s;
  options.warmup = 2s;
  CHECK(problems_in(options).empty());
  options.warmup = 10s;
  CHECK(problems_in(options).size() == 1);
}

TEST_CASE("the bound of what comes behind a warm-up counts from there") {
  Inputs inputs = inputs_of({});
  inputs.description = described();
  inputs.options.trace = "t.csv";
  inputs.trace = {{100ms, "video", 9}, {200ms, "video", 30}};
  CHECK(bound_of(scenario_of(inputs), 1, 1) == 30ms);
}

TEST_CASE("a closed loop needs a depth") {
  Options options;
  options.pipeline = 0;
  CHECK(problems_in(options).size() == 1);
  options.rate = 5;
  CHECK(problems_in(options).empty());
}
