#include "lb/history/archive.h"

#include <algorithm>
#include <iterator>
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

void Archive::add(TimeMark mark) {
  {
    const std::lock_guard lock(mutex_);
    fresh_marks_.push_back(std::move(mark));
  }
  wake_.notify_one();
}

std::future<PastOutcome> Archive::bring(PastValues past, Overlap overlap, bool dry, std::int64_t now) {
  std::future<PastOutcome> outcome;
  {
    const std::lock_guard lock(mutex_);
    to_bring_.push_back({std::move(past), overlap, dry, now});
    outcome = to_bring_.back().outcome.get_future();
  }
  wake_.notify_one();
  return outcome;
}

std::string Archive::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void Archive::run() {
  std::int64_t due = 0, all_due = 0, now = 0;
  for (bool ending = false; !ending;) {
    std::deque<SeriesSample> fresh;
    std::vector<Bringing> bringing;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] {
        return ending_ || !waiting_.empty() || !fresh_marks_.empty() || !to_bring_.empty();
      });
      fresh.swap(waiting_);
      bringing.swap(to_bring_);
      std::ranges::move(fresh_marks_, std::back_inserter(marks_));
      fresh_marks_.clear();
      ending = ending_;
    }
    write_marks();
    for (const SeriesSample& sample : fresh) {
      writer_.add(sample);
      now = sample.time;
      if (due == 0) due = now + kFlushAgain;
    }
    bring_all(bringing, now);
    if (now == 0 || (!ending && now < due)) continue;
    const bool all = ending || now >= all_due;
    const bool written = flush(now, all);
    due = now + (written ? kFlushEvery : kFlushAgain);
    if (all && written) all_due = now + kFlushAllEvery;
  }
}

void Archive::bring_all(std::vector<Bringing>& all, std::int64_t now) {
  for (Bringing& it : all)
    it.outcome.set_value(writer_.bring(it.past, it.overlap, it.dry, now == 0 ? it.now : now));
}

/// What the disk does not take is tried again with the next second.
void Archive::write_marks() {
  if (marks_.empty()) return;
  if (writer_.add(marks_)) return marks_.clear();
  if (marks_.size() > kMarksKept) marks_.erase(marks_.begin(), marks_.end() - kMarksKept);
}

/// While nothing can be written, the first reason stands.
bool Archive::flush(std::int64_t now, bool all) {
  const bool written = all ? writer_.flush(now) : writer_.flush_finest(now);
  const std::lock_guard lock(mutex_);
  if (written || error_.empty()) error_ = written ? "" : writer_.error();
  return written;
}

}  // namespace finishline::history
