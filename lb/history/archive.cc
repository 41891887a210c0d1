#include "lb/history/archive.h"

#include <utility>

namespace finishline::history {

Archive::Archive(Store store) : writer_(std::move(store)), thread_([this] { run(); }) {}

Archive::~Archive() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Archive::add(SeriesSample sample) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(sample));
    if (waiting_.size() > kMostWaiting) waiting_.pop_front();
  }
  wake_.notify_one();
}

std::string Archive::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void Archive::run() {
  std::int64_t flushed_at = 0, now = 0;
  for (bool ending = false; !ending;) {
    std::deque<SeriesSample> fresh;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      fresh.swap(waiting_);
      ending = ending_;
    }
    for (const SeriesSample& sample : fresh) {
      writer_.add(sample);
      now = sample.time;
      if (flushed_at == 0) flushed_at = now;
    }
    if (now == 0 || (!ending && now - flushed_at < kFlushEvery)) continue;
    flushed_at = now;
    const bool written = writer_.flush(now);
    const std::lock_guard lock(mutex_);
    error_ = written ? "" : writer_.error();
  }
}

}  // namespace finishline::history
