#include "lb/sim/adaptive.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "lb/sim/simulation.h"
#include "proto/quantity.h"

namespace finishline::sim {
namespace {

/// What a makespan and a mean latency may be worse by, in parts of the best.
constexpr double kMakespanLimit = 0.05;
constexpr double kLatencyLimit = 0.10;

/// Of the policies' chances. Always the same: the requests are, too, so that candidates differ by their
/// rules.
constexpr std::uint64_t kSeed = 1;

std::vector<const sched::PolicyRow*> candidates_of(const sched::PolicyParams& params) {
  if (!params.candidates.empty()) return params.candidates;
  return std::get<std::vector<const sched::PolicyRow*>>(sched::parse_candidates(sched::kCandidates));
}

/// Behind each other until they are kPlayed, after the first time closer together.
void repeat(std::vector<SimRequest>& requests) {
  const std::size_t once = requests.size();
  const double last = static_cast<double>(requests.back().at.count());
  const double period = last + last / static_cast<double>(once);
  for (std::size_t i = once; i < kPlayed; ++i) {
    SimRequest again = requests[i % once];
    const double rounds = static_cast<double>(i / once - 1);
    const double at = period + (rounds * period + static_cast<double>(again.at.count())) / kDenser;
    again.at = Nanos(static_cast<Nanos::rep>(at));
    requests.push_back(again);
  }
}

std::string human(double seconds) {
  return finishline::human(Nanos(static_cast<std::int64_t>(seconds * 1e9)));
}

}  // namespace

Adaptive::Adaptive(CostModel cost, std::vector<ServerSpec> servers, std::vector<double> weights,
                   sched::PolicyParams params)
    : cost_(std::move(cost)),
      servers_(std::move(servers)),
      weights_(std::move(weights)),
      available_(servers_.size(), 1),
      params_(std::move(params)),
      policy_(nullptr) {
  for (const sched::PolicyRow* policy : candidates_of(params_)) scores_.push_back({.policy = policy});
  policy_ = scores_.front().policy;
}

void Adaptive::change_to(CostModel cost, std::vector<ServerSpec> servers, std::vector<double> weights,
                         sched::PolicyParams params) {
  keep_samples(servers);
  cost_ = std::move(cost);
  servers_ = std::move(servers);
  weights_ = std::move(weights);
  available_.assign(servers_.size(), 1);
  params_ = std::move(params);
  keep_scores();
}

/// Those of servers that stay, at their new places.
void Adaptive::keep_samples(const std::vector<ServerSpec>& servers) {
  std::deque<Sample> kept;
  for (Sample sample : samples_) {
    const auto it = std::ranges::find(servers, servers_[sample.server].number, &ServerSpec::number);
    if (it == servers.end()) continue;
    sample.server = static_cast<std::size_t>(it - servers.begin());
    kept.push_back(sample);
  }
  samples_ = std::move(kept);
  new_samples_ = std::min(new_samples_, samples_.size());
}

void Adaptive::keep_scores() {
  const std::vector<Score> before = std::exchange(scores_, {});
  for (const sched::PolicyRow* policy : candidates_of(params_)) {
    const auto known = std::ranges::find(before, policy, &Score::policy);
    scores_.push_back(known == before.end() ? Score{.policy = policy} : *known);
  }
}

void Adaptive::observe(const Sample& sample) {
  samples_.push_back(sample);
  if (samples_.size() > kWindow) samples_.pop_front();
  ++new_samples_;
}

bool Adaptive::due(Instant now) const {
  const auto simulations = static_cast<Nanos::rep>(servers_.size() * scores_.size());
  return new_samples_ >= kNewSamples && now - evaluated_at_ >= kPause + kPausePerSimulation * simulations &&
         now - changed_at_ >= kStay;
}

double Adaptive::margin() const {
  const double windows = static_cast<double>(kWindow) / static_cast<double>(samples_.size());
  return kMargin * windows * windows * windows;
}

bool Adaptive::step(Instant now) {
  if (!due(now)) return false;
  evaluated_at_ = now;
  new_samples_ = 0;
  std::vector<Sample> samples(samples_.begin(), samples_.end());
  std::ranges::stable_sort(samples, {}, &Sample::received_at);
  const Traits traits = traits_of(samples, cost_, servers_);
  measure(window(traits, std::move(samples)));
  compare();
  const auto best = std::ranges::min_element(scores_, {}, &Score::regret);
  const auto current = std::ranges::find(scores_, policy_, &Score::policy);
  const bool known = current != scores_.end();  // else a reload took it off the list
  if (known && current->regret < best->regret + margin()) return false;
  reason_ = explain(*best, known ? *current : *best, traits);
  policy_ = best->policy;
  changed_at_ = now;
  return true;
}

void Adaptive::add_servers(Scenario& recent, const Traits& traits) const {
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (available_[i] == 0) continue;
    recent.servers.push_back(servers_[i]);
    recent.slowness.push_back(traits.slowness[i]);
    recent.weights.push_back(weights_.empty() ? 1.0 : weights_[i]);
  }
}

/// The latest requests as a scenario that the model can play, first one first at time 0.
Scenario Adaptive::window(const Traits& traits, std::vector<Sample> samples) const {
  Scenario recent{.cost = cost_, .servers = {}, .traffic = {}, .trace = {}};
  add_servers(recent, traits);
  for (const Sample& sample : samples) {
    const double expected =
        to_seconds(expected_service(sample, cost_, servers_[sample.server])) * traits.slowness[sample.server];
    const double stretch = expected > 0 ? to_seconds(sample.service) / expected : 1;
    recent.trace.push_back(
        {{sample.received_at - samples.front().received_at, sample.type, sample.length}, stretch});
  }
  repeat(recent.trace);
  return recent;
}

void Adaptive::measure(const Scenario& recent) {
  const double weight = std::max(kNewest, 1 / static_cast<double>(++thoughts_));
  for (Score& score : scores_) {
    const Result result = play(recent, recent.trace, *score.policy, params_, kSeed);
    score.makespan += weight * (to_seconds(result.makespan) - score.makespan);
    score.latency += weight * (result.mean_latency() - score.latency);
  }
}

void Adaptive::compare() {
  const double makespan = std::ranges::min_element(scores_, {}, &Score::makespan)->makespan;
  const double latency = std::ranges::min_element(scores_, {}, &Score::latency)->latency;
  if (makespan <= 0 || latency <= 0) return;  // nothing took any time: all are alike
  for (Score& score : scores_)
    score.regret = std::max((score.makespan / makespan - 1) / kMakespanLimit,
                            (score.latency / latency - 1) / kLatencyLimit);
}

std::string Adaptive::explain(const Score& best, const Score& current, const Traits& traits) const {
  std::array<char, 256> text{};
  std::snprintf(
      text.data(), text.size(),
      "replaying the last %zu requests gives a mean latency of %s and a makespan of %s, with %s %s and "
      "%s; ",
      samples_.size(), human(best.latency).c_str(), human(best.makespan).c_str(),
      std::string(policy_->name).c_str(), human(current.latency).c_str(), human(current.makespan).c_str());
  return text.data() + to_string(traits);
}

}  // namespace finishline::sim
