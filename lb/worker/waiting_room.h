// The requests of one pool that wait for a server, in lanes: within a lane first come, first served, and a
// lane that cannot move holds up no other. One lane per request type and per whether the request would fit
// the two-byte protocol, because they can go to different servers; one for requests that lost their server
// and wait for the retry budget. Pure: the requests themselves lie in the PendingTable.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lb/worker/pending.h"
#include "proto/cost_model.h"

namespace finishline::worker {

class WaitingRoom {
 public:
  using Lane = std::uint16_t;
  static constexpr Lane kRetries = 0;
  static Lane lane_of(RequestType type, bool fits_mini) {
    return static_cast<Lane>(1 + 2 * type + (fits_mini ? 1 : 0));
  }

  std::size_t size() const { return size_; }
  bool empty(Lane lane) const { return lane >= lanes_.size() || lanes_[lane].size == 0; }

  /// A new last one of the lane; the caller fills it.
  Pending& add(PendingTable& table, Lane lane) {
    if (lane >= lanes_.size()) lanes_.resize(lane + 1U);
    ++size_;
    Pending& pending = table.add(lanes_[lane]);
    pending.lane = lane;
    return pending;
  }
  void remove(PendingTable& table, Pending& pending) {
    --size_;
    table.remove(pending, lanes_[pending.lane]);
  }

  /// Calls `moves(head)` with the first request of each lane, the longest waiting first, for as long as it
  /// returns true, which means that it has taken the request out; a lane whose head stays is not asked again.
  template <class Moves>
  void move_up(PendingTable& table, Moves moves) {
    std::vector<Lane>& open = open_lanes();
    while (!open.empty()) {
      const auto next = std::min_element(open.begin(), open.end(), [&](Lane a, Lane b) {
        return table.oldest(lanes_[a])->received_at < table.oldest(lanes_[b])->received_at;
      });
      const Lane lane = *next;
      if (!moves(*table.oldest(lanes_[lane])) || empty(lane)) open.erase(next);
    }
  }

 private:
  std::vector<Lane>& open_lanes() {
    open_.clear();
    for (Lane lane = 0; lane < lanes_.size(); ++lane)
      if (!empty(lane)) open_.push_back(lane);
    return open_;
  }

  std::vector<PendingQueue> lanes_;
  std::vector<Lane> open_;  // of move_up(), kept for its memory
  std::size_t size_ = 0;
};

}  // namespace finishline::worker
