#include "lb/worker/load_meter.h"

#include <utility>

namespace finishline::worker {

std::optional<double> LoadMeter::share_by_bytes(Instant now, double rate) {
  if (now - second_began_ < kSecond) return std::nullopt;
  const double possible = rate * to_seconds(now - second_began_);
  return step(now, static_cast<double>(std::exchange(bytes_, 0)) / possible);
}

std::optional<double> LoadMeter::share_by_time(Instant now) {
  if (now - second_began_ < kSecond) return std::nullopt;
  if (asked_at_) busy_ += now - std::exchange(*asked_at_, now);
  return step(now, to_seconds(std::exchange(busy_, 0ns)) / to_seconds(now - second_began_));
}

std::optional<double> LoadMeter::step(Instant now, double measured) {
  second_began_ = now;
  share_ = (share_ + measured) / 2;
  return share_;
}

}  // namespace finishline::worker
