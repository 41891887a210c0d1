// How much of its load a stream really puts on its server, measured. Pure; time comes in as an argument.
//
// Over each second: by bytes, what moved as a share of the rate that makes the whole load; by time, the share
// of it in which the server owed an answer, which is from bytes of the client to the next of the server. The
// share then moves half-way to what was measured, so that it follows within seconds and does not jump.
#pragma once

#include <cstdint>
#include <optional>

#include "proto/units.h"

namespace finishline::worker {

class LoadMeter {
 public:
  explicit LoadMeter(Instant now) : second_began_(now) {}

  void count_bytes(std::size_t bytes) { bytes_ += bytes; }
  void asked(Instant now) {
    if (!asked_at_) asked_at_ = now;
  }
  void answered(Instant now) {
    if (asked_at_) busy_ += now - *asked_at_;
    asked_at_.reset();
  }

  /// The shares of the whole load, once a second at most; nothing in between.
  std::optional<double> share_by_bytes(Instant now, double rate);
  std::optional<double> share_by_time(Instant now);

 private:
  static constexpr Nanos kSecond = 1s;

  std::optional<double> step(Instant now, double measured);

  Instant second_began_;
  std::optional<Instant> asked_at_;
  Nanos busy_{};
  std::uint64_t bytes_ = 0;
  double share_ = 1;  // until measured: what a new connection may come to
};

}  // namespace finishline::worker
