// Holds the replies of one connection until their turn has come, where they leave in the order of their
// requests. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace finishline::worker {

/// `Asked` is what a reply has to know of its request.
template <class Asked, class Reply>
class ReplyOrder {
 public:
  struct Place {
    Asked request;
    std::optional<Reply> reply;
  };

  /// The position of a new request, behind all others.
  std::uint64_t open(Asked request) {
    places_.push_back({std::move(request), std::nullopt});
    return first_ + places_.size() - 1;
  }
  /// Positions that are open, or wait for one that is.
  std::size_t size() const { return places_.size(); }
  std::size_t bytes() const { return places_.size() * sizeof(Place); }
  const Asked& request(std::uint64_t position) const { return places_[position - first_].request; }
  Asked& request(std::uint64_t position) { return places_[position - first_].request; }
  /// Nothing is open before it.
  bool is_next(std::uint64_t position) const { return position == first_; }
  /// Nothing has been asked behind it.
  bool is_newest(std::uint64_t position) const { return position + 1 == first_ + places_.size(); }

  /// Sets the reply of `position` (open, not yet filled) and hands every reply whose turn has come to
  /// `write`, in order.
  template <class Write>
  void fill(std::uint64_t position, Reply reply, Write write) {
    places_[position - first_].reply = std::move(reply);
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
