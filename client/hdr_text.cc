#include "client/hdr_text.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace finishline::client {
namespace {

constexpr double kLinesPerHalving = 5;

double millis(Nanos span) { return static_cast<double>(span.count()) / 1e6; }

template <class... Values>
std::string printed(const char* format, Values... values) {
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(), format, values...);
  return text.data();
}

/// The next percentile that gets a line: each halving of what is left to 100 has as many.
double after(double percent) {
  const double halvings = std::floor(std::log2(100 / (100 - percent))) + 1;
  return percent + 100 / (kLinesPerHalving * std::exp2(halvings));
}

/// By the ends of the buckets.
double deviation_of(const Histogram& histogram) {
  const double mean = millis(histogram.mean());
  double squares = 0;
  for (const Histogram::Bucket& bucket : histogram.buckets())
    squares += static_cast<double>(bucket.count) * std::pow(millis(bucket.at_most) - mean, 2);
  return histogram.count() == 0 ? 0 : std::sqrt(squares / static_cast<double>(histogram.count()));
}

}  // namespace

std::string hdr_text(const Histogram& histogram) {
  std::string text = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n";
  const auto count = static_cast<double>(histogram.count());
  double percent = 0;
  std::uint64_t seen = 0;
  for (const Histogram::Bucket& bucket : histogram.buckets()) {
    seen += bucket.count;
    const bool last = seen == histogram.count();
    const double reached = (last ? 1 - 1 / count : static_cast<double>(seen) / count) * 100;
    for (; percent <= reached; percent = after(percent))
      text += printed("%12.3f %14.12f %10llu %14.2f\n", millis(bucket.at_most), percent / 100,
                      static_cast<unsigned long long>(seen), 100 / (100 - percent));
    if (last)
      text += printed("%12.3f %14.12f %10llu            inf\n", millis(bucket.at_most), 1.0,
                      static_cast<unsigned long long>(seen));
  }
  text += printed("#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", millis(histogram.mean()),
                  deviation_of(histogram));
  text += printed("#[Max     = %12.3f, Total count    = %12llu]\n", millis(histogram.max()),
                  static_cast<unsigned long long>(histogram.count()));
  return text +
         printed("#[Buckets = %12zu, SubBuckets     = %12zu]\n", Histogram::kOctaves, Histogram::kSubBuckets);
}

}  // namespace finishline::client
