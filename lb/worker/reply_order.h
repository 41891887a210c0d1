// Holds the replies of one mini connection until their turn has come. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "proto/mini.h"

namespace finishline::worker {

class ReplyOrder {
 public:
  struct Place {
    proto::MiniRequest request;  // what the reply echoes
    std::optional<proto::MiniWord> reply;
  };

  /// The position of a new request, behind all others.
  std::uint64_t open(proto::MiniRequest request) {
    places_.push_back({request, std::nullopt});
    return first_ + places_.size() - 1;
  }
  /// Positions that are open, or wait for one that is.
  std::size_t size() const { return places_.size(); }
  std::size_t bytes() const { return places_.size() * sizeof(Place); }
  const proto::MiniRequest& request(std::uint64_t position) const {
    return places_[position - first_].request;
  }

  /// Sets the reply of `position` (open, not yet filled) and hands every reply whose turn has come to
  /// `write`, in order.
  template <class Write>
  void fill(std::uint64_t position, proto::MiniWord reply, Write write) {
    places_[position - first_].reply = reply;
    while (!places_.empty() && places_.front().reply) {
      write(*places_.front().reply);
      places_.pop_front();
      ++first_;
    }
  }

 private:
  std::deque<Place> places_;
  std::uint64_t first_ = 0;  // position of places_.front()
};

}  // namespace finishline::worker
