#include "client/progress.h"

#include <algorithm>
#include <cmath>

#include "proto/quantity.h"

namespace finishline::client {
namespace {

constexpr std::size_t kBarWidth = 30;

}  // namespace

std::optional<double> part_done(const Progress& progress) {
  double part = -1;
  if (progress.requests && *progress.requests > 0)
    part = static_cast<double>(progress.answered) / static_cast<double>(*progress.requests);
  if (progress.duration > 0ns)
    part = std::max(part, to_seconds(progress.elapsed) / to_seconds(progress.duration));
  if (part < 0) return std::nullopt;
  return std::min(part, 1.0);
}

std::string progress_line(const Progress& progress, double per_second) {
  std::string line;
  if (const auto part = part_done(progress)) {
    const auto filled = static_cast<std::size_t>(*part * kBarWidth);
    const std::string percent = std::to_string(static_cast<int>(std::floor(*part * 100)));
    line = "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "] " +
           std::string(3 - percent.size(), ' ') + percent + " %  ";
  }
  line += human_count(progress.answered);
  if (progress.requests) line += " of " + human_count(*progress.requests);
  return line + " answered  " + human_rate(per_second) + "/s  " + human_count(progress.open) + " open";
}

}  // namespace finishline::client
