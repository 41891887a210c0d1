// A binary heap from which any entry can be taken by its handle. The handles are small numbers of the
// caller's; where each stands is kept in a column of the caller's, `at[handle]`, that several heaps may
// share, as long as no handle is in two of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace finishline::sched {

class IndexedHeap {
 public:
  struct Node {
    std::int64_t key;    // the least is on top
    std::uint32_t turn;  // of equal keys the earlier turn; turns may wrap around
    std::uint32_t handle;
  };
  bool empty() const { return nodes_.empty(); }
  std::size_t size() const { return nodes_.size(); }
  /// Position 0 is the top; the first few hold small keys, in no further order. Precondition: i < size().
  const Node& operator[](std::size_t i) const { return nodes_[i]; }

  /// O(log n). `at` has a place for the handle.
  template <class Positions>
  void push(const Node& node, Positions&& at) {
    nodes_.push_back(node);
    rise(nodes_.size() - 1, at);
  }
  /// O(log n). Precondition: the handle is in this heap.
  template <class Positions>
  void remove(std::uint32_t handle, Positions&& at) {
    const std::size_t hole = at[handle];
    const Node last = nodes_.back();
    nodes_.pop_back();
    shrink();
    if (hole == nodes_.size()) return;
    put(hole, last, at);
    rise(hole, at);
    sink(at[last.handle], at);
  }

 private:
  static bool before(const Node& a, const Node& b) {
    return a.key != b.key ? a.key < b.key : static_cast<std::int32_t>(a.turn - b.turn) < 0;
  }
  template <class Positions>
  void put(std::size_t position, const Node& node, Positions& at) {
    nodes_[position] = node;
    at[node.handle] = static_cast<std::uint32_t>(position);
  }
  template <class Positions>
  void rise(std::size_t position, Positions& at) {
    const Node node = nodes_[position];
    for (; position > 0 && before(node, nodes_[(position - 1) / 2]); position = (position - 1) / 2)
      put(position, nodes_[(position - 1) / 2], at);
    put(position, node, at);
  }
  template <class Positions>
  void sink(std::size_t position, Positions& at) {
    const Node node = nodes_[position];
    for (std::size_t child = 2 * position + 1; child < nodes_.size(); child = 2 * position + 1) {
      if (child + 1 < nodes_.size() && before(nodes_[child + 1], nodes_[child])) ++child;
      if (!before(nodes_[child], node)) break;
      put(position, nodes_[child], at);
      position = child;
    }
    put(position, node, at);
  }

  /// What a burst has left behind.
  void shrink() {
    constexpr std::size_t kSmall = 4096;
    if (nodes_.capacity() > kSmall && nodes_.size() < nodes_.capacity() / 4) nodes_.shrink_to_fit();
  }

  std::vector<Node> nodes_;
};

}  // namespace finishline::sched
