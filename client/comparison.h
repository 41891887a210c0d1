// What two runs differ in, as far as they can show it. Pure.
//
// Each difference has a confidence interval, from what the reports say of one run each:
//   throughput, makespan, ratio   the run's slices as batches: their mean, and its standard error by
//   Student's t
//                                 (A. M. Law, Simulation Modeling and Analysis, batch means)
//   mean and quantiles            the slices, too, say how much less than their number the latencies of one
//   run
//                                 are worth, as those of neighbours are alike: the mean's error by the
//                                 slices, squared, by that of independent ones (at least 1) divides the
//                                 number from which model::quantile_ranks makes the interval
//   failed                        model::share_interval
// and of both, as logarithms so that a change is a factor, or as shares of failed requests, by
// model::difference. What is different from run to run of the same thing is in none of that.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/saved_report.h"
#include "lb/model/confidence.h"

namespace finishline::client {

enum class Finding : std::uint8_t { better, worse, none, unknown };
/// "better", "worse", "no difference shown", "not known".
std::string_view name_of(Finding finding);

/// In one measure.
struct Difference {
  std::string name;                         // "throughput", "p99"
  std::string unit;                         // as in JSON: "1/s", "us", "s", "" of a ratio or a share
  double before = 0, after = 0;             // in that unit
  bool as_share = false;                    // `change` is after - before, not after / before - 1
  std::optional<double> change{};           // nothing where there is no such factor
  std::optional<model::Interval> within{};  // nothing: one run of each kind cannot tell
  Finding finding = Finding::unknown;
};

struct Comparison {
  std::string before, after;  // files
  double confidence = 0;
  std::vector<Difference> measures;
  std::vector<std::string> notes;  // what the reader should know, a line each
};

/// Every measure that both have. `confidence` between 0 and 1.
Comparison compare(const SavedReport& before, const SavedReport& after, double confidence);

/// "b.json is faster: throughput, p50; and slower: p99", or that the runs show no difference.
std::string verdict(const Comparison& comparison);

/// Those of the measures in `judged` (all that have an interval when it is empty) that are shown to be worse,
/// by more than `limit`: 0.05 is 5 %. More failed requests, if shown, pass any limit.
std::vector<std::string> beyond(const Comparison& comparison, double limit,
                                const std::vector<std::string>& judged);

}  // namespace finishline::client
