#include "lb/control/metrics_text.h"

namespace finishline::control {

std::string metric_digits(double value) {
  char digits[64];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

void MetricsText::histogram(Label one, Label other, const ledger::LatencyHistogram& of,
                            std::span<const Nanos> bounds) {
  for (const Nanos bound : bounds)
    sample("_bucket", {one, other, {"le", metric_digits(metric_seconds(bound))}}, of.count_up_to(bound));
  sample("_bucket", {one, other, {"le", "+Inf"}}, of.count());
  sample("_sum", {one, other}, metric_seconds(of.sum()));
  sample("_count", {one, other}, of.count());
}

}  // namespace finishline::control
