// Keeps the past on disk without anybody waiting for the disk: samples are handed to a thread of its own,
// which writes the finest tier every ten seconds, so that whoever is killed loses no more, and the others
// once a minute: the first time soon, so that a disk which takes nothing is told soon, and again every few
// seconds while it does not. Marks, which are few, are written at once. Control process.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "lb/history/sample.h"
#include "lb/history/writer.h"

namespace finishline::history {

class Archive {
 public:
  /// Takes over what Store::open() has opened for writing.
  explicit Archive(Store store);
  /// Writes what there is.
  ~Archive();
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  /// Never blocks; when the disk is so slow that minutes wait, the oldest are dropped.
  void add(SeriesSample sample);
  void add(TimeMark mark);
  /// Why the last writing failed; "" when it did not.
  std::string error() const;

 private:
  static constexpr std::size_t kMostWaiting = 300;
  static constexpr std::int64_t kFlushEvery = 10, kFlushAgain = 5;  // seconds
  static constexpr std::int64_t kFlushAllEvery = 60;

  void run();
  bool flush(std::int64_t now, bool all);
  void write_marks();

  Writer writer_;                // the thread's
  std::vector<TimeMark> marks_;  // that are not written yet: the thread's
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<SeriesSample> waiting_;
  std::vector<TimeMark> fresh_marks_;
  std::string error_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace finishline::history
