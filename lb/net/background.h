// What takes too long for one turn of the loop: it is done on a thread of its own while the loop turns on.
// One job at a time, in the order in which they came; the thread ends with the last of them, so that nothing
// but its work is there because of it. Any process that has a loop.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <thread>

#include "lb/net/loop.h"
#include "lb/net/timer.h"

namespace finishline::net {

class Background {
 public:
  class Job {
   public:
    virtual ~Job() = default;
    /// On the thread. Touches nothing that anybody else touches meanwhile, writes no log and does not throw.
    virtual void work() = 0;
    /// On the loop, after the work.
    virtual void done() {}
  };

  /// Has a descriptor open from here on.
  explicit Background(Loop& loop);
  /// Waits for the work that has been begun; nobody is told of it, and the rest is never begun.
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// Where the system has no thread to give the work is done at once, in this turn.
  void run(std::unique_ptr<Job> job);

 private:
  void begin_first();
  void take_first();

  int ended_;  // an eventfd: the first job's work is done
  std::deque<std::unique_ptr<Job>> jobs_;
  std::thread thread_;
  std::optional<Readable> readable_;
};

}  // namespace finishline::net
