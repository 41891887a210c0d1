// Who pays for a byte that a worker holds: the connection that caused it. Worker process; arithmetic on what the parts
// count anyway.
//
//   of a client   input that is not a whole request yet, requests in flight and waiting with their bodies, output that it
//                 has not read
//   of a link     the beginning of a reply that is not whole yet
//   of nobody     what is in flight for clients that have gone, without bodies, for a bounded time
//
// A client is read while what it holds is at most half of what is left of the budget once its listener's own share is
// taken off that again: 2 x own <= budget - all - listener's. So the first that wants very much gets a quarter, k that want
// it 1/(2k + 2) each, all clients of one listener together half at most; a part is always left for others, and no number
// has to be configured (dynamic thresholds: Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998). Those who
// hold little are read in any case, until twice the budget is reached. Nobody is dropped for what servers work on. Dropped
// is who holds most of what only its client can move, unread replies and half requests, where that has kept the worker
// above the budget, or another one that asks for less waiting, for longer than the patience.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "lb/net/loop.h"
#include "lb/worker/dispatcher.h"

namespace finishline::worker {

class ByteBudget {
 public:
  /// What the clients of one listener hold together: the listener's own, kept by its sessions.
  struct Share {
    std::size_t held = 0;
  };
  /// So many bytes that only a client can move are no accident of the moment.
  static constexpr std::size_t kLying = 16 * 1024;

  /// Both outlive the budget.
  ByteBudget(net::Loop& loop, const Dispatcher& dispatcher, std::size_t most, Nanos patience = 1s)
      : loop_(loop), dispatcher_(dispatcher), most_(most), patience_(patience) {}

  /// Input that sessions hold changed by `n`.
  void add_input(std::ptrdiff_t n) { input_ += static_cast<std::size_t>(n); }
  /// How many clients there are to share with.
  void set_clients(std::size_t clients) { clients_ = clients; }
  std::size_t held() const { return loop_.buffered_bytes() + dispatcher_.held_bytes() + input_; }

  /// Whether a client that holds `own`, of those of its listener, may be read.
  bool may_read(std::size_t own, const Share& listener) const {
    const std::size_t all = held();
    if (all <= most_ / 8) [[likely]] return true;
    if (own <= little()) return all <= 2 * most_;
    return all + listener.held + 2 * own <= most_;
  }
  /// Where room is short little is read of each at once: a share is soon passed. To be called after each read.
  void pace_reads() { loop_.limit_reads(held() <= most_ / 2 ? kLargeRead : kSmallRead); }

  /// More is held than should be; and so much that somebody has to go at once. Only what servers send brings it there.
  bool scarce() const { return held() > most_; }
  bool desperate() const { return held() > 2 * most_; }
  /// Whether it has been scarce for longer than the patience, until a quarter of it is free; to be asked every turn.
  bool overdue() {
    if (held() > (scarce_since_ ? most_ - most_ / 4 : most_)) {
      if (!scarce_since_) scarce_since_ = loop_.now();
      return loop_.now() - *scarce_since_ >= patience_;
    }
    scarce_since_.reset();
    return false;
  }
  Nanos patience() const { return patience_; }
  Instant now() const { return loop_.now(); }

 private:
  static constexpr std::size_t kLargeRead = ~std::size_t{0}, kSmallRead = 16 * 1024;

  std::size_t little() const {
    constexpr std::size_t kLeast = 512, kMost = 16 * 1024;
    return std::clamp(most_ / (8 * (clients_ + 1)), kLeast, kMost);
  }

  net::Loop& loop_;
  const Dispatcher& dispatcher_;
  std::size_t most_;
  Nanos patience_;
  std::size_t input_ = 0;
  std::size_t clients_ = 0;
  std::optional<Instant> scarce_since_;
};

}  // namespace finishline::worker
