// Waiting requests by how long they are, so that the longest and the shortest are found at once: a list for
// every length up to 15 and for every eighth of a power of two above, the oldest first in each. Nothing is
// moved or compared.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace finishline::sched {

class LengthClasses {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::size_t kClasses = 240;

  /// The neighbours in a list, in a column of the caller's by handle, `links[handle]`, that several objects
  /// may share: see IndexedHeap.
  struct Link {
    std::uint32_t older = kNone;
    std::uint32_t newer = kNone;
  };

  static std::size_t class_of(std::uint32_t length) {
    if (length < 16) return length;
    const auto octave = static_cast<std::uint32_t>(std::bit_width(length)) - 1;
    return 8 * (octave - 2) + ((length >> (octave - 3)) & 7);
  }

  template <class Links>
  void add(std::uint32_t handle, std::uint32_t length, Links&& links) {
    List& list = lists_[class_of(length)];
    links[handle] = {list.newest, kNone};
    (list.newest == kNone ? list.oldest : links[list.newest].newer) = handle;
    list.newest = handle;
    mark(class_of(length), true);
  }
  template <class Links>
  void remove(std::uint32_t handle, std::uint32_t length, Links&& links) {
    List& list = lists_[class_of(length)];
    const Link link = links[handle];
    (link.older == kNone ? list.oldest : links[link.older].newer) = link.newer;
    (link.newer == kNone ? list.newest : links[link.newer].older) = link.older;
    if (list.oldest == kNone) mark(class_of(length), false);
  }
  /// The oldest of the class of the longest; kNone when there is nothing. None is longer by more than an
  /// eighth.
  std::uint32_t longest() const {
    for (std::size_t word = kWords; word-- > 0;)
      if (used_[word] != 0) return lists_[64 * word + 63 - std::countl_zero(used_[word])].oldest;
    return kNone;
  }
  std::uint32_t shortest() const {
    for (std::size_t word = 0; word < kWords; ++word)
      if (used_[word] != 0) return lists_[64 * word + std::countr_zero(used_[word])].oldest;
    return kNone;
  }

 private:
  static constexpr std::size_t kWords = (kClasses + 63) / 64;
  struct List {
    std::uint32_t oldest = kNone;
    std::uint32_t newest = kNone;
  };
  void mark(std::size_t length_class, bool used) {
    const std::uint64_t bit = std::uint64_t{1} << (length_class % 64);
    std::uint64_t& word = used_[length_class / 64];
    word = used ? word | bit : word & ~bit;
  }

  std::array<List, kClasses> lists_{};
  std::array<std::uint64_t, kWords> used_{};  // bit per class: whether its list has any
};

}  // namespace finishline::sched
