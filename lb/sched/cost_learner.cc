#include "lb/sched/cost_learner.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace finishline::sched {
namespace {

// Variances of natural logarithms.
constexpr double kServer = 0.4 * 0.4, kGroup = 0.7 * 0.7, kRest = 0.2 * 0.2;  // before anything is known
constexpr double kNoise = 0.25 * 0.25, kLeastNoise = 0.02 * 0.02, kMostNoise = 4;
constexpr double kDrift = 0.001, kGroupDrift = kDrift / 16, kRestDrift = kDrift / 4;  // per reply
constexpr double kOutlier = 2.5;                                                      // standard deviations
constexpr double kNoiseGain = 0.02;               // weight of one reply in the noise
constexpr double kDoubling = 0.6931471805599453;  // ln 2: published costs move by no more in a second

/// Costs that are infinite do not count.
bool differ(const std::vector<double>& costs) {
  const auto is_cost = [](double cost) { return std::isfinite(cost); };
  const auto first = std::ranges::find_if(costs, is_cost);
  return std::any_of(first, costs.end(), [&](double cost) { return is_cost(cost) && cost != *first; });
}

}  // namespace

CostLearner::CostLearner(PoolCosts declared)
    : declared_(std::move(declared)),
      published_(declared_),
      servers_(declared_.servers.size(), Term{0, kServer}),
      groups_(declared_.groups() * declared_.types, Term{0, kGroup}),
      pairs_(declared_.servers.size() * declared_.types, Pair{Term{0, kRest}, 0, {}, 0}),
      noise_(kNoise),
      any_difference_declared_(differ(declared_.nanos_per_unit)) {}

CostLearner::Term& CostLearner::shared(std::size_t server, std::size_t type) {
  return groups_[declared_.servers[server].group * declared_.types + type];
}

const CostLearner::Term& CostLearner::shared(std::size_t server, std::size_t type) const {
  return groups_[declared_.servers[server].group * declared_.types + type];
}

bool CostLearner::observe(std::size_t server, std::size_t type, std::uint32_t length, Nanos service,
                          Nanos response, Instant now) {
  const double declared = declared_.cost(server, type) * length;
  if (service <= 0ns || service > response || !(declared > 0) || !std::isfinite(declared)) return false;
  observe_mean(server, type, std::log(static_cast<double>(service.count()) / declared), 1, now);
  return true;
}

void CostLearner::observe_mean(std::size_t server, std::size_t type, double log_ratio, std::uint64_t n,
                               Instant now) {
  Pair& pair = pairs_[pair_of(server, type)];
  const auto replies = static_cast<double>(n);
  const std::pair<Term*, double> terms[] = {
      {&servers_[server], kDrift}, {&shared(server, type), kGroupDrift}, {&pair.rest, kRestDrift}};
  double expected = 0, variance = noise_ / replies;
  for (const auto& [term, drift] : terms) {
    term->variance += drift * replies;
    expected += term->value;
    variance += term->variance;
  }
  const double limit = kOutlier * std::sqrt(variance);
  const double surprise = std::clamp(log_ratio - expected, -limit, limit);
  for (const auto& [term, drift] : terms) {
    const double gain = term->variance / variance;
    term->value += gain * surprise;
    term->variance *= 1 - gain;
  }
  const double weight = 1 - std::pow(1 - kNoiseGain, replies);
  noise_ = std::clamp(noise_ + weight * (surprise * surprise - variance) * replies, kLeastNoise, kMostNoise);
  pair.samples += n;
  pair.last = now;
}

void CostLearner::resume(std::size_t server, std::size_t type, const Estimate& known) {
  const double log_factor = std::log(known.factor);
  pairs_[pair_of(server, type)] = {{log_factor, known.sd * known.sd}, known.samples, known.last, log_factor};
}

CostLearner::Estimate CostLearner::estimate(std::size_t server, std::size_t type) const {
  const Pair& pair = pairs_[pair_of(server, type)];
  const Term &own = servers_[server], &group = shared(server, type);
  return {.factor = std::exp(own.value + group.value + pair.rest.value),
          .sd = std::sqrt(own.variance + group.variance + pair.rest.variance),
          .samples = pair.samples,
          .last = pair.last};
}

/// As a logarithm: 0 where costs are declared. Of an even number the lower one, so that of two servers one
/// that claims too much moves nothing.
double CostLearner::common_scale() const {
  if (any_difference_declared_) return 0;
  std::vector<double> factors;
  for (std::size_t server = 0; server < declared_.servers.size(); ++server)
    for (std::size_t type = 0; type < declared_.types; ++type)
      if (pairs_[pair_of(server, type)].samples > 0)
        factors.push_back(std::log(estimate(server, type).factor));
  if (factors.empty()) return 0;
  const auto middle = factors.begin() + static_cast<std::ptrdiff_t>((factors.size() - 1) / 2);
  std::ranges::nth_element(factors, middle);
  return *middle;
}

const PoolCosts& CostLearner::publish(Instant now) {
  const double step =
      std::exchange(ever_published_, true) ? kDoubling * to_seconds(now - published_at_) : kDoubling;
  published_at_ = now;
  const double most = std::log(kMostFactor), common = common_scale();
  for (std::size_t server = 0; server < declared_.servers.size(); ++server) {
    for (std::size_t type = 0; type < declared_.types; ++type) {
      Pair& pair = pairs_[pair_of(server, type)];
      const double wanted = std::clamp(std::log(estimate(server, type).factor), common - most, common + most);
      pair.published = std::clamp(wanted, pair.published - step, pair.published + step);
      published_.nanos_per_unit[type * declared_.servers.size() + server] =
          declared_.cost(server, type) * std::exp(pair.published);
    }
  }
  return published_;
}

double CostLearner::noise_sd() const { return std::sqrt(noise_); }

}  // namespace finishline::sched
