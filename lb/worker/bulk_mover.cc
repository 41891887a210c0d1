#include "lb/worker/bulk_mover.h"

#include <ctime>

namespace finishline::worker {
namespace {

Nanos thread_cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + Nanos(used.tv_nsec);
}

}  // namespace

BulkStopwatch::BulkStopwatch(BulkMover& mover, BulkWay way, bool wanted)
    : mover_(mover), way_(way), wanted_(wanted) {
  if (wanted) at_ = thread_cpu_time();
}

void BulkStopwatch::in(std::size_t bytes) {
  if (!wanted_) return;
  const Nanos now = thread_cpu_time();
  move_.in_bytes = bytes;
  move_.in_cpu = now - at_;
  at_ = now;
}

void BulkStopwatch::out(std::size_t bytes) {
  if (!wanted_) return;
  move_.out_bytes = bytes;
  move_.out_cpu = thread_cpu_time() - at_;
  mover_.rule().note(way_, move_);
}

}  // namespace finishline::worker
