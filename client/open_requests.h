// The requests that wait for their reply on one connection, found by the id on the wire. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "client/request.h"
#include "proto/slot_map.h"

namespace finishline::client {

/// An id is a key of the map, so that a reply that comes twice finds nothing.
class OpenRequests {
 public:
  std::size_t size() const { return open_.size(); }

  /// Returns the id to send.
  std::uint64_t add(const Request& request) { return open_.add(request).packed(); }
  /// nullptr when no open request has this id. Good until the next add().
  const Request* find(std::uint64_t id) const { return open_.find(SlotKey::unpacked(id)); }
  /// Precondition: find(id) is not nullptr.
  void remove(std::uint64_t id) { open_.take(SlotKey::unpacked(id)); }
  /// As they were sent, in no order.
  std::vector<std::uint64_t> ids();
  /// All of them, oldest number first; none is left.
  std::vector<Request> take_all();

 private:
  SlotMap<Request> open_;
};

}  // namespace finishline::client
