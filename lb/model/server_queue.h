// The work of one server: first come, first served, on `slots` identical slots. Pure: it is given the time
// and never asks for it, so that the simulator runs the very queue that the servers run.
//
// Each piece of work is planned when it is admitted: it goes to the slot that is free first and starts when
// that slot is free. All times are ideal ones; whoever collects finished work late makes nothing later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "proto/units.h"

namespace finishline::model {

struct QueuedWork {
  std::uint64_t connection = 0;  // by which drop() finds it
  std::uint64_t tag = 0;         // the caller's own; comes back when the work is done
  Nanos service{};
};

class ServerQueue {
 public:
  /// slots >= 1.
  explicit ServerQueue(std::uint32_t slots = 1);

  /// Returns when the work will be done, unless a drop() moves it up.
  Instant admit(const QueuedWork& work, Instant now);

  /// When the next piece of work is done; nothing when there is none.
  std::optional<Instant> next_due() const;
  /// Takes out the piece of work that was done first, if any is done at `now`.
  std::optional<QueuedWork> take_done(Instant now);

  /// Takes out all work of this connection that has not started at `now`, and moves later work up. Work
  /// that has started goes on. Returns the tags of what was taken out, in order of admission.
  std::vector<std::uint64_t> drop(std::uint64_t connection, Instant now);

  /// Takes out the work with this tag, begun or not, and moves later work up. Returns for how long it had
  /// been worked on; nothing when it is not there.
  std::optional<Nanos> cancel(std::uint64_t tag, Instant now);

  /// So many slots from now on, >= 1. Work that has started goes on, also where there is no slot for it any
  /// more; the rest is planned anew.
  void resize(std::uint32_t slots, Instant now);
  std::uint32_t slots() const { return static_cast<std::uint32_t>(slots_.size()); }

  /// Work admitted and not done at `now`, the sum over the slots.
  Nanos backlog(Instant now) const;
  bool empty() const { return jobs_.empty(); }
  std::size_t size() const { return jobs_.size(); }

 private:
  struct Job {
    QueuedWork work;
    std::uint64_t number;  // order of admission
    std::uint32_t slot;
    Instant start;
    Instant due;
  };
  struct Slot {
    Instant free;
    std::uint32_t index;
  };

  static bool later_job(const Job& a, const Job& b);
  static bool later_slot(const Slot& a, const Slot& b);
  Instant plan(const QueuedWork& work, std::uint64_t number, Instant now);
  std::vector<Job> take_unstarted(Instant now);

  std::vector<Job> jobs_;    // a heap, the one done first in front
  std::vector<Slot> slots_;  // a heap, the one free first in front; `free` counts all planned work
  std::uint64_t admitted_ = 0;
};

}  // namespace finishline::model
