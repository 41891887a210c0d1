#include "client/comparison.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "client/histogram.h"
#include "client/report_facts.h"

namespace finishline::client {
namespace {

using model::Interval;
using model::Measured;

constexpr std::size_t kFewestSlices = 10;

enum class Better : std::uint8_t { more, less, neither };

/// What one run says of itself, beyond its figures.
struct Trust {
  std::optional<double> rate_error;  // standard error of the throughput's logarithm
  double samples = 0;                // as many independent latencies as its own are worth
  std::optional<double> mean_error;  // standard error of its logarithm
};

/// Mean and variance of the latencies; each counts as the end of its part, which is at most 1/128 above it.
std::pair<double, double> moments(const std::vector<SavedReport::Part>& parts) {
  double n = 0, sum = 0, squares = 0;
  for (const auto& part : parts) n += part.count, sum += part.count * part.at_most_us;
  const double mean = n > 0 ? sum / n : 0;
  for (const auto& part : parts) squares += part.count * std::pow(part.at_most_us - mean, 2);
  return {mean, n > 1 ? squares / (n - 1) : 0};
}

/// Of the mean latency: that of a ratio of two sums over the slices.
double variance_of_mean(const std::vector<SavedReport::Slice>& slices) {
  double ok = 0, latency = 0, squares = 0;
  for (const auto& slice : slices) ok += slice.ok, latency += slice.latency_us;
  const double mean = latency / ok, k = static_cast<double>(slices.size());
  for (const auto& slice : slices) squares += std::pow(slice.latency_us - mean * slice.ok, 2);
  return squares * k / (k - 1) / (ok * ok);
}

/// Of the mean number of replies in a slice, by that number.
double relative_error_of_rate(const std::vector<SavedReport::Slice>& slices) {
  double ok = 0, squares = 0;
  const double k = static_cast<double>(slices.size());
  for (const auto& slice : slices) ok += slice.ok;
  for (const auto& slice : slices) squares += std::pow(slice.ok - ok / k, 2);
  return std::sqrt(squares / (k - 1) / k) / (ok / k);
}

Trust trust_in(const SavedReport& run) {
  const auto [mean, variance] = moments(run.latencies);
  Trust trust;
  const bool any = std::ranges::any_of(run.slices, [](const auto& slice) { return slice.ok > 0; });
  if (run.slices.size() < kFewestSlices || !any || mean <= 0) return trust;
  const double independent = variance / run.ok, seen = std::max(variance_of_mean(run.slices), independent);
  trust.rate_error = relative_error_of_rate(run.slices);
  trust.samples = seen > 0 ? run.ok * independent / seen : run.ok;
  trust.mean_error = std::sqrt(seen) / mean;
  return trust;
}

/// The latency that this share of them does not exceed.
double latency_at(const std::vector<SavedReport::Part>& parts, double share, double all) {
  const double rank = std::max(std::ceil(share * all - 1e-9), 1.0);
  double seen = 0;
  for (const auto& part : parts)
    if ((seen += part.count) >= rank) return part.at_most_us;
  return parts.empty() ? 0 : parts.back().at_most_us;
}

/// A logarithm within `t` times its standard error; nothing where there is none.
std::optional<Measured> log_within(double value, const std::optional<double>& error, double t) {
  if (value <= 0 || !error) return std::nullopt;
  const double log = std::log(value);
  return Measured{log, {log - t * *error, log + t * *error}};
}

/// Of a quantile, with what the histogram may add to it.
std::optional<Measured> log_quantile(const SavedReport& run, const Trust& trust, double share,
                                     double confidence) {
  const auto ranks = model::quantile_ranks(share, trust.samples, confidence);
  const double value = latency_at(run.latencies, share, run.ok);
  if (!ranks) return std::nullopt;
  const double low = latency_at(run.latencies, ranks->low, run.ok) / (1 + Histogram::kRelativeError);
  const double high = latency_at(run.latencies, ranks->high, run.ok);
  if (low <= 0) return std::nullopt;
  return Measured{std::log(value), {std::log(low), std::log(high)}};
}

Finding finding_of(const Interval& within, Better better) {
  if (better == Better::neither) return Finding::unknown;
  if (within.low <= 0 && within.high >= 0) return Finding::none;
  return (within.low > 0) == (better == Better::more) ? Finding::better : Finding::worse;
}

/// Compares one measure after the other.
class Comparing {
 public:
  Comparing(const SavedReport& before, const SavedReport& after, double confidence)
      : before_(before),
        after_(after),
        confidence_(confidence),
        trust_before_(trust_in(before)),
        trust_after_(trust_in(after)) {}

  std::vector<Difference> all();

 private:
  using Figure = std::optional<Measured>;

  double t_of(const SavedReport& run) const {
    return run.slices.size() < kFewestSlices
               ? 0
               : model::student_t(confidence_, static_cast<double>(run.slices.size() - 1));
  }
  void add(std::string name, const char* unit, std::pair<double, double> values, const Figure& log_before,
           const Figure& log_after, Better better);
  /// One that is as far from its truth as the throughput.
  void add_by_rate(const char* name, const char* unit, std::optional<double> before,
                   std::optional<double> after, Better better);
  void add_mean();
  void add_quantile(const Percentile& percentile);
  void add_failed();
  void add_cpu();

  const SavedReport &before_, &after_;
  double confidence_;
  Trust trust_before_, trust_after_;
  std::vector<Difference> measures_;
};

void Comparing::add(std::string name, const char* unit, std::pair<double, double> values,
                    const Figure& log_before, const Figure& log_after, Better better) {
  Difference it{.name = std::move(name), .unit = unit, .before = values.first, .after = values.second};
  if (it.before > 0 && it.after > 0) it.change = it.after / it.before - 1;
  if (log_before && log_after) {
    const Measured factor = model::difference(*log_after, *log_before);
    it.within = {std::expm1(factor.within.low), std::expm1(factor.within.high)};
    it.finding = finding_of(*it.within, better);
  }
  measures_.push_back(std::move(it));
}

void Comparing::add_by_rate(const char* name, const char* unit, std::optional<double> before,
                            std::optional<double> after, Better better) {
  if (!before || !after) return;
  add(name, unit, {*before, *after}, log_within(*before, trust_before_.rate_error, t_of(before_)),
      log_within(*after, trust_after_.rate_error, t_of(after_)), better);
}

void Comparing::add_mean() {
  add("mean", "us", {before_.mean_us, after_.mean_us},
      log_within(before_.mean_us, trust_before_.mean_error, t_of(before_)),
      log_within(after_.mean_us, trust_after_.mean_error, t_of(after_)), Better::less);
}

void Comparing::add_quantile(const Percentile& percentile) {
  const double share = percentile.percent / 100;
  add(percentile.title, "us",
      {latency_at(before_.latencies, share, before_.ok), latency_at(after_.latencies, share, after_.ok)},
      log_quantile(before_, trust_before_, share, confidence_),
      log_quantile(after_, trust_after_, share, confidence_), Better::less);
}

void Comparing::add_failed() {
  const auto share_of = [this](const SavedReport& run) {
    const double failed = run.requests - run.ok;
    return Measured{run.requests > 0 ? failed / run.requests : 0,
                    model::share_interval(failed, run.requests, confidence_)};
  };
  const Measured before = share_of(before_), after = share_of(after_);
  const Measured points = model::difference(after, before);
  measures_.push_back({.name = "failed",
                       .unit = "",
                       .before = before.value,
                       .after = after.value,
                       .as_share = true,
                       .change = points.value,
                       .within = points.within,
                       .finding = finding_of(points.within, Better::less)});
}

/// One figure of a run, of which nothing says how far it can be trusted.
void Comparing::add_cpu() {
  const auto each = [](const SavedReport& run) { return run.ok > 0 ? run.cpu_s / run.ok * 1e6 : 0; };
  add("client CPU", "us", {each(before_), each(after_)}, std::nullopt, std::nullopt, Better::neither);
}

std::vector<Difference> Comparing::all() {
  add_by_rate("throughput", "1/s", before_.throughput, after_.throughput, Better::more);
  add_by_rate("makespan", "s", before_.makespan_s, after_.makespan_s, Better::less);
  add_by_rate("ratio", "", before_.ratio, after_.ratio, Better::less);
  add_mean();
  for (const Percentile& percentile : kPercentiles) add_quantile(percentile);
  add_failed();
  add_cpu();
  return std::move(measures_);
}

/// "they differ in connections: 16, 64".
std::vector<std::string> notes_on(const SavedReport& before, const SavedReport& after) {
  std::vector<std::string> notes;
  const auto hold = [&notes](const char* what, const std::string& a, const std::string& b) {
    if (a != b) notes.push_back(std::string("they differ in ") + what + ": " + a + ", then " + b);
  };
  const auto whole = [](double number) { return std::to_string(std::llround(number)); };
  hold("arrivals", before.arrivals, after.arrivals);
  hold("protocol", before.protocol, after.protocol);
  hold("policy", before.policy, after.policy);
  hold("connections", whole(before.connections), whole(after.connections));
  for (const SavedReport* run : {&before, &after})
    if (run->slices.size() < kFewestSlices)
      notes.push_back(run->file + " is of a run too short to say how far its figures can be trusted");
  notes.emplace_back("of one run each: what differs between runs of the same thing is not in the intervals");
  return notes;
}

/// Names of the measures with this finding, with commas; that of failed requests is told apart.
std::string names_with(const Comparison& comparison, Finding finding) {
  std::string names;
  for (const Difference& it : comparison.measures)
    if (it.finding == finding && !it.as_share) names += (names.empty() ? "" : ", ") + it.name;
  return names;
}

}  // namespace

std::string_view name_of(Finding finding) {
  constexpr std::string_view kNames[] = {"better", "worse", "no difference shown", "not known"};
  return kNames[static_cast<std::size_t>(finding)];
}

Comparison compare(const SavedReport& before, const SavedReport& after, double confidence) {
  return {before.file, after.file, confidence, Comparing(before, after, confidence).all(),
          notes_on(before, after)};
}

std::string verdict(const Comparison& comparison) {
  const std::string better = names_with(comparison, Finding::better),
                    worse = names_with(comparison, Finding::worse);
  std::string words;
  const auto say = [&words](const std::string& part) { words += (words.empty() ? "" : "; and ") + part; };
  if (!better.empty()) say("is faster: " + better);
  if (!worse.empty()) say("is slower: " + worse);
  for (const Difference& it : comparison.measures) {
    if (!it.as_share) continue;
    if (it.finding == Finding::better) say("fails less often");
    if (it.finding == Finding::worse) say("fails more often");
  }
  return words.empty() ? "no difference that these runs can show" : comparison.after + " " + words;
}

std::vector<std::string> beyond(const Comparison& comparison, double limit,
                                const std::vector<std::string>& judged) {
  std::vector<std::string> names;
  for (const Difference& it : comparison.measures) {
    const bool asked = judged.empty() || std::ranges::find(judged, it.name) != judged.end();
    if (!asked || it.finding != Finding::worse || !it.change) continue;
    if (it.as_share || std::abs(*it.change) > limit) names.push_back(it.name);
  }
  return names;
}

}  // namespace finishline::client
