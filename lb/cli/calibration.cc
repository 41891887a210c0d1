#include "lb/cli/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "lb/sched/cost_learner.h"

namespace finishline::cli {
namespace {

constexpr std::size_t kEnoughOfServer = 20;  // rows, before a server is told to be unlike the others
constexpr double kUnlike = 0.03;             // logarithm of a speed, below which nobody minds
constexpr double kServerConfidence = 0.999;

/// One reply, as a logarithm of what it took by what it should have taken.
struct CostSample {
  std::size_t server = 0;
  RequestType type = 0;
  double log_ratio = 0;
};

class Calibrator {
 public:
  Calibrator(const CostModel& cost, const std::vector<ServerSpec>& servers)
      : servers_(servers), learner_(sched::pool_costs(cost, pooled(servers))) {
    result_.cost = cost;
    for (std::size_t i = 0; i < servers.size(); ++i) by_name_.emplace(servers[i].name, i);
  }

  void take(const model::TraceRow& row);
  Calibration finish();

 private:
  static std::vector<sched::PooledServer> pooled(const std::vector<ServerSpec>& servers) {
    std::vector<sched::PooledServer> all;
    for (const ServerSpec& server : servers) all.push_back({server.type, server.speed, server.slots});
    return all;
  }
  std::optional<RequestType> type_named(const std::string& name) const;
  void count_unknown(const std::string& what);
  std::vector<double> ratios_of(ServerType server_type, RequestType type) const;
  double learned_factor(ServerType server_type, RequestType type) const;
  void add_cost(ServerType server_type, RequestType type);
  void add_server(std::size_t server);

  const std::vector<ServerSpec>& servers_;
  std::map<std::string, std::size_t> by_name_;
  sched::CostLearner learner_;
  std::vector<CostSample> samples_;
  std::map<std::pair<ServerType, RequestType>, double> shown_;  // logarithm of real / declared
  Calibration result_;
};

std::optional<RequestType> Calibrator::type_named(const std::string& name) const {
  const auto& types = result_.cost.request_types();
  const auto at = std::ranges::find(types, name, &RequestTypeSpec::name);
  if (at != types.end()) return static_cast<RequestType>(at - types.begin());
  return name.size() == 1 ? result_.cost.request_type_of(name[0]) : std::nullopt;
}

void Calibrator::count_unknown(const std::string& what) {
  const auto at = std::ranges::find(result_.unknown, what, &std::pair<std::string, std::size_t>::first);
  if (at != result_.unknown.end())
    ++at->second;
  else
    result_.unknown.emplace_back(what, 1);
}

void Calibrator::take(const model::TraceRow& row) {
  if (row.service <= 0ns || row.server.empty() || row.length == 0) {
    ++result_.without_time;
    return;
  }
  const auto server = by_name_.find(row.server);
  const auto type = type_named(row.type);
  if (server == by_name_.end()) return count_unknown("server " + row.server);
  if (!type) return count_unknown("type " + row.type);
  const ServerSpec& spec = servers_[server->second];
  const double declared = result_.cost.nanos_per_unit(spec.type, *type, spec.speed) * row.length;
  if (!std::isfinite(declared) || declared <= 0)
    return count_unknown("cost of " + row.type + " on " + result_.cost.server_types()[spec.type]);
  ++result_.used;
  const double log_ratio = std::log(static_cast<double>(row.service.count()) / declared);
  samples_.push_back({server->second, *type, log_ratio});
  learner_.observe_mean(server->second, *type, log_ratio, 1, Instant{} + row.at);
}

std::vector<double> Calibrator::ratios_of(ServerType server_type, RequestType type) const {
  std::vector<double> ratios;
  for (const CostSample& sample : samples_)
    if (sample.type == type && servers_[sample.server].type == server_type)
      ratios.push_back(sample.log_ratio);
  return ratios;
}

/// Of real by declared, the mean of its logarithm over the servers of this type that have done it.
double Calibrator::learned_factor(ServerType server_type, RequestType type) const {
  double sum = 0, n = 0;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (servers_[i].type != server_type) continue;
    const auto estimate = learner_.estimate(i, type);
    if (estimate.samples > 0) sum += std::log(estimate.factor), n += 1;
  }
  return n > 0 ? std::exp(sum / n) : 0;
}

void Calibrator::add_cost(ServerType server_type, RequestType type) {
  const auto declared = result_.cost.factor(server_type, type);
  if (!declared) return;
  const auto fit = model::fit_cost(ratios_of(server_type, type));
  if (fit) shown_[{server_type, type}] = fit->log_factor;
  result_.costs.push_back({result_.cost.server_types()[server_type], result_.cost.request_types()[type].name,
                           *declared, fit, *declared * learned_factor(server_type, type)});
}

/// What remains of its replies when the costs of its type are as the trace shows them.
void Calibrator::add_server(std::size_t server) {
  std::vector<double> rest;
  for (const CostSample& sample : samples_) {
    const auto shown = shown_.find({servers_[sample.server].type, sample.type});
    if (sample.server == server && shown != shown_.end()) rest.push_back(sample.log_ratio - shown->second);
  }
  const auto fit = rest.size() >= kEnoughOfServer ? model::fit_cost(std::move(rest)) : std::nullopt;
  if (!fit || std::abs(fit->log_factor) < kUnlike) return;
  const model::Interval within = fit->factor_within(kServerConfidence);
  if (within.low <= 1 && within.high >= 1) return;
  const double speed = servers_[server].speed;
  result_.unlike.push_back({servers_[server].name, speed, speed / std::exp(fit->log_factor), fit->samples});
}

Calibration Calibrator::finish() {
  for (std::size_t server_type = 0; server_type < result_.cost.server_types().size(); ++server_type)
    for (std::size_t type = 0; type < result_.cost.request_types().size(); ++type)
      add_cost(static_cast<ServerType>(server_type), static_cast<RequestType>(type));
  for (std::size_t server = 0; server < servers_.size(); ++server) add_server(server);
  return std::move(result_);
}

}  // namespace

double CalibratedCost::fitted() const { return fit ? declared * std::exp(fit->log_factor) : declared; }

Calibration calibrate(const std::vector<model::TraceRow>& rows, const CostModel& cost,
                      const std::vector<ServerSpec>& servers) {
  Calibrator calibrator(cost, servers);
  for (const model::TraceRow& row : rows) calibrator.take(row);
  return calibrator.finish();
}

}  // namespace finishline::cli
