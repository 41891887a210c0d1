#include "servers/faults.h"

namespace finishline::server {
namespace {

bool spoils_no_reply(const FaultOptions& options) {
  return !options.stall_after && !options.crash_after && options.drop_every == 0 &&
         options.corrupt_every == 0 && options.half_frame_every == 0 && options.fail_every == 0;
}

}  // namespace

bool OneOf::hit(std::mt19937_64& random) {
  if (n_ == 0) return false;
  if (place_ == 0) chosen_ = random() % n_;
  const bool now = place_ == chosen_;
  place_ = (place_ + 1) % n_;
  return now;
}

Faults::Faults(const FaultOptions& options)
    : options_(options),
      random_(options.seed),
      drop_(options.drop_every),
      corrupt_(options.corrupt_every),
      half_frame_(options.half_frame_every),
      fail_(options.fail_every),
      refuse_(options.refuse_every),
      harmless_(spoils_no_reply(options)) {}

Nanos Faults::extra_work() {
  if (options_.jitter <= 0ns) return 0ns;
  return Nanos(std::uniform_int_distribution<std::int64_t>(0, options_.jitter.count())(random_));
}

Fate Faults::next() {
  if (harmless_) return Fate::send;
  const std::uint64_t sent = replies_++;
  const bool drop = drop_.hit(random_);
  const bool corrupt = corrupt_.hit(random_);
  const bool half_frame = half_frame_.hit(random_);
  const bool fail = fail_.hit(random_);
  if (options_.crash_after && sent >= *options_.crash_after) return Fate::crash;
  if (options_.stall_after && sent >= *options_.stall_after) return Fate::stall;
  if (half_frame) return Fate::half_frame;
  if (drop) return Fate::drop;
  if (corrupt) return Fate::corrupt;
  return fail ? Fate::fail : Fate::send;
}

}  // namespace finishline::server
