#include "lb/forecast/combination.h"

#include <algorithm>
#include <cmath>
#include <ranges>

namespace finishline::forecast {
namespace {

constexpr std::size_t kLeastOrigins = 6;   // that are asked, and as many as it takes
constexpr std::size_t kValuesAsked = 144;  // to compare so many values
constexpr double kTooWrong = 1.5;          // times the error of the best
constexpr double kOuter = 0.25;            // of the weight, at either end

/// The latest origins that were judged at `now_at`, none within the horizon of another.
std::vector<const Origin*> judged(std::span<const Origin> earlier, std::size_t now_at) {
  std::vector<const Origin*> origins;
  if (earlier.empty()) return origins;
  const std::size_t horizon = earlier.front().forecasts.front().size();
  const std::size_t asked = std::max(kLeastOrigins, kValuesAsked / std::max<std::size_t>(horizon, 1));
  std::size_t limit = now_at;
  for (const Origin& origin : earlier | std::views::reverse) {
    if (origins.size() == asked) break;
    if (origin.at + horizon > limit) continue;
    origins.push_back(&origin);
    limit = origin.at;
  }
  return origins;
}

double mean_error(const Series& series, const std::vector<const Origin*>& origins, std::size_t method) {
  double sum = 0;
  std::size_t count = 0;
  for (const Origin* origin : origins) {
    const std::vector<double>& ahead = origin->forecasts[method];
    for (std::size_t i = 0; i < ahead.size(); ++i) {
      const double error = std::abs(ahead[i] - series.values[origin->at + i]);
      if (is_missing(error)) continue;
      sum += error;
      ++count;
    }
  }
  return count > 0 ? sum / static_cast<double>(count) : 0;
}

struct Vote {
  double value = 0, weight = 0;
};

/// The weighted mean, less what lies in the outer quarters of the weight: one that is far off alone moves
/// nothing.
double middle_of(std::vector<Vote> votes) {
  std::ranges::sort(votes, {}, &Vote::value);
  double below = 0, sum = 0, kept = 0;
  for (const Vote& vote : votes) {
    const double inside = std::max(0.0, std::min(below + vote.weight, 1 - kOuter) - std::max(below, kOuter));
    sum += inside * vote.value;
    kept += inside;
    below += vote.weight;
  }
  return sum / kept;
}

}  // namespace

std::vector<double> weights_at(const Series& series, std::span<const Origin> earlier, std::size_t now_at) {
  const std::vector<const Origin*> origins = judged(earlier, now_at);
  std::vector<double> errors;
  for (std::size_t i = 0; i < methods().size(); ++i) errors.push_back(mean_error(series, origins, i));
  const double best = std::ranges::min(errors);
  std::vector<double> weights;
  double sum = 0;
  for (const double error : errors) {
    // Where the best was never wrong, only those that were not either count.
    const double weight = error > kTooWrong * best ? 0 : best > 0 ? best * best / (error * error) : 1;
    weights.push_back(weight);
    sum += weight;
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

std::vector<double> combined(const Origin& origin, std::span<const double> weights) {
  std::vector<double> ahead;
  for (std::size_t step = 0; step < origin.forecasts.front().size(); ++step) {
    std::vector<Vote> votes;
    for (std::size_t method = 0; method < weights.size(); ++method)
      votes.push_back({origin.forecasts[method][step], weights[method]});
    ahead.push_back(middle_of(std::move(votes)));
  }
  return ahead;
}

}  // namespace finishline::forecast
