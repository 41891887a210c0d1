// Keeps the past on disk without anybody waiting for the disk: samples are handed to a thread of its own,
// which writes the finest tier every ten seconds, so that whoever is killed loses no more, and the others
// once a minute: the first time soon, so that a disk which takes nothing is told soon, and again every few
// seconds while it does not. Marks, which are few, are written at once. Control process.
#pragma once

#include <condition_variable>
#include <deque>
#include <future>
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
  /// As Writer::bring(): values that were measured elsewhere; there once they are written. Whoever waits for
  /// it is on another thread than the loop.
  std::future<PastOutcome> bring(PastValues past, Overlap overlap, bool dry, std::int64_t now);
  /// Why the last writing failed; "" when it did not.
  std::string error() const;

 private:
  static constexpr std::size_t kMostWaiting = 300;
  static constexpr std::int64_t kFlushEvery = 10, kFlushAgain = 5;  // seconds
  static constexpr std::int64_t kFlushAllEvery = 60;

  struct Bringing {
    PastValues past;
    Overlap overlap;
    bool dry;
    std::int64_t now;  // until the first sample has come
    std::promise<PastOutcome> outcome{};
  };
  void run();
  void bring_all(std::vector<Bringing>& all, std::int64_t now);
  bool flush(std::int64_t now, bool all);
  void write_marks();

  Writer writer_;                // the thread's
  std::vector<TimeMark> marks_;  // that are not written yet: the thread's
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<SeriesSample> waiting_;
  std::vector<TimeMark> fresh_marks_;
  std::vector<Bringing> to_bring_;
  std::string error_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace finishline::history
