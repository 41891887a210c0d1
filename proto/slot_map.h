// Values that others know by a key. A key finds nothing once its value is gone, also when another one has
// taken the place: each slot counts how often it was used. Ground floor, any process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace finishline {

/// Default-constructed it finds nothing.
struct SlotKey {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  // odd while the slot is in use

  /// In one number, as it travels; and back.
  std::uint64_t packed() const { return std::uint64_t{generation} << 32 | slot; }
  static SlotKey unpacked(std::uint64_t key) {
    return {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
  }
};

/// Add, find and take need constant time, and no memory once the map has grown to the largest number of
/// values. A key comes again after 2^31 uses of its slot. Pointers are good until the next add().
template <class Value>
class SlotMap {
 public:
  std::size_t size() const { return slots_.size() - free_.size(); }

  SlotKey add(Value value) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const std::uint32_t at = free_.back();
    free_.pop_back();
    slots_[at].value = std::move(value);
    return {at, ++slots_[at].generation};
  }

  /// nullptr when it is gone.
  Value* find(SlotKey key) { return has(key) ? &slots_[key.slot].value : nullptr; }
  const Value* find(SlotKey key) const { return has(key) ? &slots_[key.slot].value : nullptr; }
  /// What stands there now, whoever that is; nullptr when nobody does.
  Value* at(std::uint32_t slot) { return slots_[slot].in_use() ? &slots_[slot].value : nullptr; }

  /// Out of the map; the next one that is added takes its place. Precondition: find(key) is not nullptr.
  Value take(SlotKey key) {
    ++slots_[key.slot].generation;
    free_.push_back(key.slot);
    return std::exchange(slots_[key.slot].value, Value());
  }

  /// Calls use(key, value) for each. It may take that one, and add none.
  template <class Use>
  void each(Use use) {
    for (std::uint32_t at = 0; at < slots_.size(); ++at)
      if (slots_[at].in_use()) use(SlotKey{at, slots_[at].generation}, slots_[at].value);
  }

 private:
  struct Slot {
    Value value{};
    std::uint32_t generation = 0;
    bool in_use() const { return generation % 2 == 1; }
  };

  bool has(SlotKey key) const {
    return key.slot < slots_.size() && key.generation % 2 == 1 &&
           slots_[key.slot].generation == key.generation;
  }

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;  // the one that was left last is taken first
};

}  // namespace finishline
