// A bell for each worker that any process can ring: "look again, what you wait for may be there". An eventfd
// each, made by the master before the first fork and handed on to the next program, so that workers of all
// generations have the bells of all others. Rings do not add up: one that comes while the bell still sounds
// is the same. Whoever has no bell is not woken; what waits is looked at every few milliseconds as well.
#pragma once

#include <cstdint>
#include <vector>

#include "lb/ledger/ledger.h"
#include "lb/process/descriptor.h"

namespace finishline::process {

class Doorbells {
 public:
  Doorbells() = default;
  /// For workers below `count`; fewer when the system has no more descriptors.
  explicit Doorbells(std::uint32_t count);
  /// Of the program before this one; owns the descriptors.
  explicit Doorbells(const std::vector<int>& fds);

  /// Makes further ones until there are so many, or the system has no more.
  void hang(std::uint32_t count);

  bool empty() const { return bells_.empty(); }
  /// Never waits.
  void ring(ledger::WorkerId worker) const;
  void ring_all() const;

  /// The worker's own bell: readable while it sounds; -1: it has none.
  int fd(ledger::WorkerId worker) const;
  /// The worker has heard it.
  void silence(ledger::WorkerId worker) const;

  /// In the order of the workers, for the next program; they stay this object's.
  std::vector<int> fds() const;

 private:
  std::vector<Descriptor> bells_;  // by worker
};

}  // namespace finishline::process
