#include "client/scenario.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "lb/model/lower_bound.h"
#include "proto/joined.h"
#include "proto/nearest.h"
#include "proto/quantity.h"

namespace finishline::client {
namespace {

constexpr std::uint32_t kLongestMini = 9;
constexpr std::uint64_t kDefaultRequests = 1000;
constexpr std::uint64_t kDefaultBurst = 100;
constexpr double kMostServers = 100000;

using Problem = std::string;  // "" is none

bool has_room_for_letter(const CostModel& cost, const std::string& name) {
  return name.size() == 1 && cost.request_types().size() < CostModel::kMaxTypes &&
         ((name[0] >= 'A' && name[0] <= 'Z') || (name[0] >= 'a' && name[0] <= 'z'));
}

std::string names_of(const CostModel& cost) { return joined(cost.request_types(), &RequestTypeSpec::name); }

Problem take_mix(const std::vector<model::Share>& mix, Scenario& scenario) {
  auto& weights = scenario.traffic.weights;
  if (mix.empty()) weights.assign(scenario.cost.request_types().size(), 1.0);
  for (const model::Share& share : mix) {
    const auto type = resolve_type(share.name, scenario.cost);
    if (const auto* problem = std::get_if<Problem>(&type)) return "--mix: " + *problem;
    weights.resize(std::max<std::size_t>(weights.size(), std::get<RequestType>(type) + 1U));
    weights[std::get<RequestType>(type)] += share.amount;
  }
  return weights.empty() ? "the other side knows no request type; name some with --mix" : Problem();
}

/// Rows of the trace, as far as --requests and --duration go.
Problem take_rows(const Inputs& inputs, Scenario& scenario) {
  const Options& options = inputs.options;
  for (const model::TraceRow& row : inputs.trace) {
    if (options.requests > 0 && scenario.rows.size() == options.requests) break;
    if (scenario.open_loop && options.duration > 0ns && row.at >= options.duration) break;
    const auto type = resolve_type(row.type, scenario.cost);
    if (const auto* problem = std::get_if<Problem>(&type)) return options.trace + ": " + *problem;
    if (options.mini && row.length > kLongestMini)
      return options.trace + ": length " + std::to_string(row.length) +
             " does not fit the mini protocol (0 to 9)";
    scenario.rows.push_back({scenario.open_loop ? row.at : 0ns, std::get<RequestType>(type), row.length});
  }
  return scenario.rows.empty() ? options.trace + ": there is nothing to play" : Problem();
}

void take_arrivals(const Options& options, Scenario& scenario) {
  const model::Arrivals arrivals =
      options.arrivals.value_or(options.rate.given() ? model::Arrivals::poisson : model::Arrivals::closed);
  const bool by_trace = scenario.replay && !options.arrivals;
  const std::string pace = options.rate.given() ? " at " + options.rate.text() : "";
  scenario.open_loop = by_trace || arrivals != model::Arrivals::closed;
  if (by_trace) {
    scenario.arrivals = "open loop, trace " + options.trace;
  } else if (arrivals == model::Arrivals::closed) {
    scenario.arrivals = "closed loop";
    if (options.think.any()) scenario.arrivals += ", " + options.think.text() + " to think";
  } else if (arrivals == model::Arrivals::burst) {
    scenario.arrivals = options.rate.given() ? "open loop, bursts of " +
                                                   human_count(options.burst.value_or(kDefaultBurst)) + pace
                                             : "open loop, one burst";
  } else {
    scenario.arrivals = "open loop, " + std::string(name_of(arrivals)) + pace;
  }
  scenario.traffic.arrivals = arrivals;
  const bool unlimited = scenario.open_loop && !options.mini && !options.reconnect;
  scenario.depth = options.pipeline.value_or(unlimited ? 0 : 1);
}

/// For how long requests are sent, where that is limited by time.
Nanos length_of(const Options& options) {
  return options.step > 0ns ? options.step * static_cast<std::int64_t>(options.rate.steps())
                            : options.duration;
}

void take_limits(const Inputs& inputs, Scenario& scenario) {
  const Options& options = inputs.options;
  model::Traffic& traffic = scenario.traffic;
  traffic.lengths = options.lengths;
  traffic.rate = options.rate.first();
  traffic.burst = options.rate.given() ? options.burst.value_or(kDefaultBurst) : 0;
  traffic.duration = length_of(options);
  if (options.rate.changes()) traffic.pace = options.rate.over(traffic.duration);
  traffic.seed = options.seed;
  const bool unsaid = options.requests == 0 && traffic.duration == 0ns;
  traffic.requests = unsaid ? kDefaultRequests : options.requests;
  if (options.lengths.largest()) return;  // said by the user to the digit: sent as said
  if (inputs.description) traffic.max_length = inputs.description->max_length;
  if (options.mini) traffic.max_length = kLongestMini;
}

/// The servers of the description, with the types of another cost model.
Problem translate_types(const CostModel& from, const CostModel& to, std::vector<ServerSpec>& servers) {
  for (ServerSpec& server : servers) {
    const std::string& name = from.server_types()[server.type];
    const auto type = to.server_type_named(name);
    if (!type) return "--cost has no [cost." + name + "], but there is a server of that type";
    server.type = *type;
  }
  return {};
}

Problem take_server_counts(const std::vector<model::Share>& counts, Scenario& scenario) {
  scenario.bound_servers.clear();
  for (const model::Share& share : counts) {
    const auto type = scenario.cost.server_type_named(share.name);
    if (!type)
      return "--servers: " +
             no_such("server type", share.name, scenario.cost.server_types(), std::identity());
    for (double i = 0; i < share.amount; ++i)
      scenario.bound_servers.push_back({0, share.name, *type, 1.0, 1});
  }
  return {};
}

/// What is known of cost and servers, the user's word before the other side's.
Problem take_servers(const Inputs& inputs, Scenario& scenario) {
  scenario.cost = CostModel::seed(1ms);
  if (inputs.description) {
    scenario.cost = inputs.description->cost;
    scenario.servers = inputs.description->servers;
  }
  if (inputs.cost) {
    Problem problem = translate_types(scenario.cost, inputs.cost->cost, scenario.servers);
    if (!problem.empty()) return problem;
    scenario.cost = inputs.cost->cost;
  }
  scenario.bound_servers = scenario.servers;
  if (inputs.cost && !inputs.cost->servers.empty()) scenario.bound_servers = inputs.cost->servers;
  return inputs.options.servers.empty() ? Problem() : take_server_counts(inputs.options.servers, scenario);
}

/// How long a rate that changes takes.
void check_rate(const Options& options, std::vector<std::string>& problems) {
  if (options.step > 0ns && !options.rate.is_steps())
    problems.emplace_back("--step is for --rate with several rates, as 100,200,400");
  else if (options.step > 0ns && options.duration > 0ns)
    problems.emplace_back("--step says how long each rate is kept: leave --duration out");
  if (options.rate.is_ramp() && options.duration == 0ns)
    problems.emplace_back("--rate " + options.rate.text() + " is a ramp over the whole run: give --duration");
  if (options.rate.is_steps() && options.step == 0ns && options.duration == 0ns)
    problems.emplace_back("--rate with several rates needs --step, how long each is kept, or --duration");
}

void check_think(const Options& options, std::vector<std::string>& problems) {
  if (!options.think.any()) return;
  const bool open_loop = options.arrivals.value_or(model::Arrivals::closed) != model::Arrivals::closed ||
                         options.rate.given() || (!options.trace.empty() && !options.arrivals);
  if (open_loop)
    problems.emplace_back(
        "--think is for a closed loop: leave out what says when requests come (--rate, "
        "--arrivals, --trace without --arrivals closed)");
  if (options.pipeline.value_or(1) != 1)
    problems.emplace_back(
        "--think lets a connection wait for its reply first: --pipeline can only be 1 with it");
}

void check_traffic(const Options& options, std::vector<std::string>& problems) {
  const model::Arrivals arrivals = options.arrivals.value_or(model::Arrivals::closed);
  if ((arrivals == model::Arrivals::poisson || arrivals == model::Arrivals::uniform) && !options.rate.given())
    problems.push_back("--arrivals " + std::string(name_of(arrivals)) + " needs --rate");
  if (options.arrivals == model::Arrivals::closed && options.rate.given())
    problems.push_back("--rate has no meaning with --arrivals closed: the replies set the pace");
  if (arrivals == model::Arrivals::burst && !options.rate.given() && options.requests == 0 &&
      options.duration > 0ns)
    problems.push_back("a single burst has no duration: give --requests, or --rate for many bursts");
  if (!options.trace.empty() && arrivals != model::Arrivals::closed)
    problems.push_back("--trace brings its own times: --arrivals can only be closed with it");
  if (const Nanos length = length_of(options); length > 0ns && options.warmup >= length)
    problems.push_back("--warmup is a part of the run, and leaves nothing of its " + human(length) +
                       " to measure");
  check_rate(options, problems);
  check_think(options, problems);
  if (!options.burst) return;
  if (!options.rate.given())
    problems.push_back("--burst needs --rate; how many come in a single burst is said by --requests");
  else if (arrivals != model::Arrivals::burst)
    problems.push_back("--burst is for --arrivals burst");
}

/// What is only for --tls, without it.
void check_tls(const Options& options, std::vector<std::string>& problems) {
  if (options.tls) {
    if (!options.tls_key.empty() && options.tls_cert.empty())
      problems.emplace_back("--key is the key of a certificate: give --cert, too");
    if (options.insecure && !options.ca.empty())
      problems.emplace_back("--insecure takes any certificate, so that --ca has no meaning");
    return;
  }
  const std::pair<const char*, bool> given[] = {{"--ca", !options.ca.empty()},
                                                {"--server-name", !options.server_name.empty()},
                                                {"--cert", !options.tls_cert.empty()},
                                                {"--key", !options.tls_key.empty()},
                                                {"--insecure", options.insecure}};
  for (const auto& [name, there] : given)
    if (there) problems.push_back(std::string(name) + " needs --tls: without it nothing is encrypted");
}

void check_mini(const Options& options, std::vector<std::string>& problems) {
  const auto largest = options.lengths.largest();
  if (largest && *largest > kLongestMini && options.trace.empty())
    problems.push_back("the mini protocol has lengths from 0 to 9: --length ends above that");
  if (options.expect_reply_bytes)
    problems.push_back("replies of the mini protocol have no body: --expect-reply-bytes");
  if (options.body)
    problems.push_back("requests of the mini protocol are two bytes and have no body: --body");
  if (options.deadline > 0ns) problems.push_back("the mini protocol carries no deadline: --deadline");
  if (options.estimate) problems.push_back("the mini protocol has no word for --estimate");
  if (options.priorities.any())
    problems.push_back("the mini protocol carries no priority: --priority, --priorities");
}

}  // namespace

std::variant<RequestType, std::string> resolve_type(const std::string& name, CostModel& cost) {
  const auto& types = cost.request_types();
  const auto at =
      std::find_if(types.begin(), types.end(), [&](const auto& type) { return type.name == name; });
  if (at != types.end()) return static_cast<RequestType>(at - types.begin());
  if (name.size() == 1) {
    if (const auto type = cost.request_type_of(name[0])) return *type;
    if (has_room_for_letter(cost, name)) return cost.add_request_type(name, name[0]);
  }
  const std::string words = no_such("request type", name, types, &RequestTypeSpec::name);
  return words.ends_with('?') ? words : words + "; known are " + names_of(cost) + ", or any letter";
}

std::vector<std::string> problems_in(const Options& options) {
  std::vector<std::string> problems;
  check_traffic(options, problems);
  check_tls(options, problems);
  if (options.against_proxy && !options.conformance) problems.emplace_back("--against needs --conformance");
  if (options.stops != 0 && !options.conformance) problems.emplace_back("--stops needs --conformance");
  if (options.conformance && options.estimate)
    problems.emplace_back("--conformance does nothing else: leave --estimate out");
  if (options.stops != 0 && options.mini)
    problems.emplace_back("--stops is about goaway, for which the mini protocol has no word: leave it out");
  if (options.threads > options.concurrency)
    problems.emplace_back("--threads is more than --concurrency: each thread needs a connection");
  if (options.threads > 1 && !(options.save_trace.empty() && options.save_replies.empty()))
    problems.emplace_back("--save-trace and --save-replies are written by one thread: leave --threads out");
  if (options.mini) check_mini(options, problems);
  if (options.estimate && !options.lengths.largest())
    problems.emplace_back("--estimate wants a --length that has an end, as const:5");
  const bool open_loop = options.rate.given() || !options.trace.empty() || options.arrivals;
  if (options.pipeline == 0U && !(open_loop && options.arrivals != model::Arrivals::closed))
    problems.emplace_back("--pipeline 0 (no limit) is for open loops");
  if (options.reconnect && options.pipeline.value_or(1) != 1)
    problems.emplace_back("--reconnect sends one request per connection: --pipeline can only be 1 with it");
  for (const model::Share& share : options.servers) {
    if (share.amount != std::floor(share.amount) || share.amount > kMostServers)
      problems.push_back("--servers: " + share.name + " is to be a whole number of servers");
  }
  return problems;
}

std::variant<Scenario, std::string> make_scenario(const Inputs& inputs) {
  Scenario scenario;
  scenario.replay = !inputs.options.trace.empty();
  take_arrivals(inputs.options, scenario);
  take_limits(inputs, scenario);
  Problem problem = take_servers(inputs, scenario);
  if (problem.empty())
    problem = scenario.replay ? take_rows(inputs, scenario) : take_mix(inputs.options.mix, scenario);
  if (!problem.empty()) return problem;
  return scenario;
}

std::optional<Nanos> bound_of(const Scenario& scenario, std::uint64_t first, std::uint64_t count) {
  return bound_of(scenario, std::vector<SentShare>{{first, count}});
}

std::optional<Nanos> bound_of(const Scenario& scenario, const std::vector<SentShare>& shares) {
  if (scenario.bound_servers.empty()) return std::nullopt;
  model::LowerBound bound(scenario.cost, scenario.bound_servers);
  model::LoadPlan plan = scenario.plan();
  std::uint64_t left = 0;
  for (const SentShare& share : shares) left += share.count;
  std::optional<Nanos> start;
  for (std::uint64_t number = 0; left > 0; ++number) {
    const auto request = plan.next();
    if (!request) break;
    const SentShare& share = shares[number % shares.size()];
    const std::uint64_t place = number / shares.size();
    if (place < share.first || place >= share.first + share.count) continue;
    --left;
    if (!start) start = request->at;
    bound.add(request->at - *start, request->type, request->length);
  }
  return bound.value();
}

}  // namespace finishline::client
