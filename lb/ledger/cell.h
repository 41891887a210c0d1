// A number in memory that several processes share: std::atomic's operations on a plain aggregate, so that
// the zero-filled pages of a fresh mapping already hold valid cells and an untouched page costs nothing.
#pragma once

#include <atomic>
#include <type_traits>

namespace finishline::ledger {

template <class T>
struct Cell {
  alignas(std::atomic_ref<T>::required_alignment) T value;

  T load(std::memory_order order) const { return atomic().load(order); }
  void store(T desired, std::memory_order order) { atomic().store(desired, order); }
  /// Strong; on failure `expected` is what stands there, read with acquire.
  bool compare_exchange(T& expected, T desired, std::memory_order order = std::memory_order_acq_rel) {
    return atomic().compare_exchange_strong(expected, desired, order, std::memory_order_acquire);
  }
  /// Returns what stood there. For cells with many writers.
  T fetch_add(T n) { return atomic().fetch_add(n, std::memory_order_acq_rel); }
  /// For a cell with one writer: no locked instruction. Relaxed is enough for a number that stands alone.
  void add(T n) { store(static_cast<T>(load(std::memory_order_relaxed) + n), std::memory_order_relaxed); }

 private:
  std::atomic_ref<T> atomic() const { return std::atomic_ref<T>(const_cast<T&>(value)); }

  static_assert(std::is_trivially_copyable_v<T>);
  static_assert(std::atomic_ref<T>::is_always_lock_free, "a lock in shared memory dies with its holder");
};

}  // namespace finishline::ledger
