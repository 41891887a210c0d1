#include "lb/cli/sim_options.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "lb/cli/result_file.h"
#include "lb/cli/sim_binding.h"
#include "lb/config/config.h"
#include "lb/model/input_file.h"
#include "lb/model/token_trace.h"
#include "lb/sim/traits.h"
#include "proto/nearest.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

/// The reason why not; "" where all is well.
using Complaint = std::string;

constexpr std::uint64_t kMostServersPerType = 100000;
constexpr std::uint64_t kMostRequests = 10000000;
constexpr double kMostLoad = 1000;

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string joined(std::span<const config::Problem> problems, const std::string& file) {
  std::string text;
  for (const auto& problem : problems) text += (text.empty() ? "" : "\n") + config::to_string(problem, file);
  return text;
}

Complaint read_config(const SimOptions& options, sim::Scenario& scenario, sched::PolicyParams& params) {
  const auto loaded = config::load(options.config);
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&loaded))
    return joined(*problems, options.config);
  const auto& config = std::get<config::Config>(loaded);
  const config::Pool* pool = nullptr;
  for (const auto& candidate : config.pools) {
    if (!pool && (options.pool.empty() || candidate.name == options.pool)) pool = &candidate;
  }
  if (!pool) return options.config + ": " + no_such("pool", options.pool, config.pools, &config::Pool::name);
  scenario.cost = config.cost;
  scenario.traffic.max_length = config.max_length;
  params = {pool->gamma,
            std::get<std::vector<const sched::PolicyRow*>>(sched::parse_candidates(pool->candidates))};
  for (const auto& server : config.servers) {
    if (server.pool != pool->name) continue;
    const auto number = static_cast<std::uint32_t>(scenario.servers.size());
    scenario.servers.push_back({number, server.name, server.type_index, server.speed, server.slots});
    scenario.weights.push_back(server.weight);
  }
  return scenario.servers.empty() ? "pool " + in_quotes(pool->name) + " has no server" : Complaint{};
}

Complaint add_servers(const model::Share& share, std::uint32_t slots, sim::Scenario& scenario) {
  const auto type = scenario.cost.server_type_named(share.name);
  if (!type) return no_such("server type", share.name, scenario.cost.server_types(), std::identity());
  if (share.amount != std::floor(share.amount) || share.amount > kMostServersPerType)
    return "the number of " + in_quotes(share.name) + " servers is not a whole number up to 100000";
  for (std::uint64_t i = 1; i <= static_cast<std::uint64_t>(share.amount); ++i) {
    const auto number = static_cast<std::uint32_t>(scenario.servers.size());
    scenario.servers.push_back({number, share.name + "-" + std::to_string(i), *type, 1.0, slots});
  }
  return {};
}

Complaint read_servers(const SimOptions& options, sim::Scenario& scenario) {
  const auto unit = parse_duration(options.unit, Bare::zero);
  if (!unit) return "--unit: " + duration_problem(options.unit);
  if (*unit <= 0ns) return "--unit: " + in_quotes(options.unit) + " is not above 0, as 1ms is";
  scenario.cost = CostModel::seed(*unit);
  const auto shares = model::parse_shares(options.servers);
  if (const auto* problem = std::get_if<std::string>(&shares)) return "--servers: " + *problem;
  for (const auto& share : std::get<std::vector<model::Share>>(shares)) {
    if (const Complaint problem = add_servers(share, options.slots, scenario); !problem.empty())
      return "--servers: " + problem;
  }
  return {};
}

/// By name or by letter, as traces and mixes may have either.
std::optional<RequestType> request_type_named(const CostModel& cost, std::string_view name) {
  const auto& types = cost.request_types();
  for (std::size_t type = 0; type < types.size(); ++type) {
    if (types[type].name == name) return static_cast<RequestType>(type);
  }
  return name.size() == 1 ? cost.request_type_of(name[0]) : std::nullopt;
}

std::string no_such_request_type(std::string_view name, const CostModel& cost) {
  return no_such("request type", name, cost.request_types(), &RequestTypeSpec::name);
}

Complaint read_mix(const SimOptions& options, sim::Scenario& scenario) {
  auto& weights = scenario.traffic.weights;
  weights.assign(scenario.cost.request_types().size(), options.mix.empty() ? 1.0 : 0.0);
  if (options.mix.empty()) return {};
  const auto shares = model::parse_shares(options.mix);
  if (const auto* problem = std::get_if<std::string>(&shares)) return "--mix: " + *problem;
  for (const auto& share : std::get<std::vector<model::Share>>(shares)) {
    const auto type = request_type_named(scenario.cost, share.name);
    if (!type) return "--mix: " + no_such_request_type(share.name, scenario.cost);
    weights[*type] = share.amount;
  }
  return {};
}

Complaint read_traffic(const SimOptions& options, sim::Scenario& scenario) {
  if (const Complaint problem = read_mix(options, scenario); !problem.empty()) return problem;
  const auto lengths = model::LengthLaw::parse(options.length);
  if (const auto* problem = std::get_if<std::string>(&lengths)) return "--length: " + *problem;
  scenario.traffic.lengths = std::get<model::LengthLaw>(lengths);
  if (options.requests.empty()) return {};
  const auto requests = parse_count(options.requests);
  if (!requests || *requests == 0 || *requests > kMostRequests)
    return "--requests: " + in_quotes(options.requests) + " is not a number from 1 to 10M";
  scenario.traffic.requests = *requests;
  return {};
}

/// By how much longer it took than its length says, where the trace tells of a server that is in the
/// scenario.
double stretch_of(const model::TraceRow& row, RequestType type, const sim::Scenario& scenario) {
  const auto server = std::ranges::find(scenario.servers, row.server, &ServerSpec::name);
  if (server == scenario.servers.end() || row.service <= 0ns) return 1;
  const Nanos expected = sim::expected_service({.type = type, .length = row.length}, scenario.cost, *server);
  return expected > 0ns ? to_seconds(row.service) / to_seconds(expected) : 1;
}

std::variant<std::vector<model::TraceRow>, std::string> parse_any_trace(const std::string& text,
                                                                        const CostModel& cost) {
  if (!model::is_token_trace(text)) return model::parse_trace(text);
  std::vector<std::string> types;
  for (const RequestTypeSpec& type : cost.request_types()) types.push_back(type.name);
  return model::parse_token_trace(text, types);
}

Complaint read_trace(const std::string& file, sim::Scenario& scenario) {
  const model::InputText read = model::read_input(file, "a trace");
  if (!read.problem.empty()) return read.problem;
  const auto rows = parse_any_trace(read.text, scenario.cost);
  if (const auto* problem = std::get_if<std::string>(&rows)) return file + ": " + for_terminal(*problem);
  for (const auto& row : std::get<std::vector<model::TraceRow>>(rows)) {
    const auto type = request_type_named(scenario.cost, row.type);
    if (!type) return file + ": " + no_such_request_type(row.type, scenario.cost);
    scenario.trace.push_back({{row.at, *type, row.length}, stretch_of(row, *type, scenario)});
  }
  return scenario.trace.empty() ? file + ": there is no request in it" : Complaint{};
}

std::vector<std::string_view> names_of_policies() {
  std::vector<std::string_view> names{"all", sched::adaptive().name};
  for (const auto& row : sched::policies()) names.push_back(row.name);
  return names;
}

/// Of a row that late binding makes, and of a name that it had: which flags ask for it; "" for any other
/// word.
std::string late_remedy(std::string_view name) {
  for (const char* const order : {"balanced", "shortest", "longest"})
    for (const char* const before : {"makespan-", "late-"})
      if (name == std::string(before) + order)
        return in_quotes(name) + " is makespan bound late: say --binding late --order " + order;
  return {};
}

Complaint read_policies(const std::string& names, std::vector<const sched::PolicyRow*>& rows) {
  std::stringstream list(names);
  for (std::string name; std::getline(list, name, ',');) {
    if (name == "all") {
      for (const auto& row : sched::policies()) rows.push_back(&row);
      rows.push_back(&sched::adaptive());
    } else if (const auto* row = sched::find_choice(name == "makespan-early" ? "makespan" : name)) {
      rows.push_back(row);
    } else if (const std::string late = late_remedy(name); !late.empty()) {
      return "--policies: " + late;
    } else {
      return "--policies: " + no_such("policy", name, names_of_policies());
    }
  }
  return rows.empty() ? "--policies: no policy is named" : Complaint{};
}

Trial batch_of(const SimOptions& options, sim::Scenario scenario) {
  scenario.traffic.arrivals = model::Arrivals::burst;
  if (scenario.traffic.requests == 0) scenario.traffic.requests = kBatchRequests;
  return {"batch",
          counted(scenario.traffic.requests, "request") + " at once, " + counted(options.seeds, "seed"),
          std::move(scenario)};
}

Complaint add_poisson(const SimOptions& options, sim::Scenario scenario, std::vector<Trial>& trials) {
  auto& traffic = scenario.traffic;
  traffic.arrivals = model::Arrivals::poisson;
  traffic.rate = options.load * sim::fractional_capacity(scenario);
  if (!std::isfinite(traffic.rate)) return "--load: no server can do these requests, or they take no time";
  if (traffic.requests == 0) traffic.requests = kPoissonRequests;
  trials.push_back({"poisson",
                    counted(traffic.requests, "request") + ", " + human_rate(traffic.rate) + "/s (" +
                        human_rate(options.load * 100) + " % of the fractional capacity), " +
                        counted(options.seeds, "seed"),
                    std::move(scenario)});
  return {};
}

Complaint add_trials(const SimOptions& options, sim::Scenario scenario, std::vector<Trial>& trials) {
  if (!options.trace.empty()) {
    if (const Complaint problem = read_trace(options.trace, scenario); !problem.empty()) return problem;
    trials.push_back({"trace",
                      options.trace + ", " + counted(scenario.trace.size(), "request") + ", " +
                          counted(options.seeds, "seed") + " of the policies' chances",
                      std::move(scenario)});
    return {};
  }
  if (const Complaint problem = read_traffic(options, scenario); !problem.empty()) return problem;
  if (options.arrivals != "poisson") trials.push_back(batch_of(options, scenario));
  return options.arrivals == "batch" ? Complaint{} : add_poisson(options, std::move(scenario), trials);
}

}  // namespace

std::variant<SimPlan, std::string> plan_of(const SimOptions& options) {
  SimPlan plan;
  sim::Scenario scenario;
  if (options.seeds == 0) return "--seeds: at least 1 is needed";
  if (!(options.load > 0 && options.load <= kMostLoad))
    return "--load: a number above 0 and at most " + std::to_string(static_cast<int>(kMostLoad)) +
           " is needed, as in 0.9: the share of what the servers can do";
  Complaint problem = read_policies(options.policies, plan.policies);
  if (problem.empty()) {
    problem = options.config.empty() ? read_servers(options, scenario)
                                     : read_config(options, scenario, plan.params);
  }
  if (problem.empty()) problem = read_binding(options, scenario, plan);
  if (problem.empty()) problem = add_trials(options, std::move(scenario), plan.trials);
  if (!problem.empty()) return problem;
  if (options.gamma) plan.params.gamma = *options.gamma;
  return plan;
}

}  // namespace finishline::cli
