// The requests that wait for their reply on one connection, found by the id on the wire. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "client/request.h"

namespace finishline::client {

/// A slot table: add, find and remove take constant time, and no memory once it has grown to the largest
/// number of open requests. An id is the slot and how often the slot was used, so that an id does not come
/// again for 2^31 uses of its slot: a reply that comes twice finds nothing.
class OpenRequests {
 public:
  std::size_t size() const { return open_; }

  /// Returns the id to send.
  std::uint64_t add(const Request& request);
  /// nullptr when no open request has this id. Good until the next add().
  const Request* find(std::uint64_t id) const;
  /// Precondition: find(id) is not nullptr.
  void remove(std::uint64_t id);
  /// All of them, oldest number first; none is left.
  std::vector<Request> take_all();

 private:
  struct Slot {
    Request request;
    std::uint32_t use = 0;  // odd while open
  };
  static std::uint32_t slot_of(std::uint64_t id) { return static_cast<std::uint32_t>(id); }
  static std::uint32_t use_of(std::uint64_t id) { return static_cast<std::uint32_t>(id >> 32); }

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t open_ = 0;
};

}  // namespace finishline::client
