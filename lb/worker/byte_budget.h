// Who pays for a byte that a worker holds: the connection that caused it. Worker process; arithmetic on what
// the parts count anyway.
//
//   of a client   input that is not a whole request yet, requests in flight and waiting with their bodies,
//                 output that it has not read
//   of a link     the beginning of a reply that is not whole yet
//   of nobody     what is in flight for clients that have gone, without bodies, for a bounded time
//
// A client is read while what it holds is at most half of what is left of the budget once its listener's own
// share is taken off that again: 2 x own <= budget - all - listener's. So the first that wants very much gets
// a quarter, k that want it 1/(2k + 2) each, all clients of one listener together half at most; a part is
// always left for others, and no number has to be configured (dynamic thresholds: Choudhury and Hahne,
// IEEE/ACM Transactions on Networking 6(2), 1998). Those who hold little are read in any case, and never
// dropped. What one read can bring shrinks with the room that is left, so that neither one large read nor
// many small ones take more than there is. Nobody is dropped for what servers work on. Dropped is who holds
// most of what only its client can move, unread replies and half requests, where that has kept the worker
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
  void set_clients(std::size_t clients) {
    if (clients == clients_) [[likely]]
      return;
    clients_ = clients;
    little_ = little_of_each();
  }
  std::size_t held() const { return loop_.buffered_bytes() + dispatcher_.held_bytes() + input_; }
  /// The same without room in which nothing is: 0 when nothing is under way.
  std::size_t filled() const { return held() - dispatcher_.spare_bytes(); }

  /// Whether a client that holds `own`, of those of its listener, may be read.
  bool may_read(std::size_t own, const Share& listener) const { return may_read(held(), own, listener); }
  bool may_read(std::size_t all, std::size_t own, const Share& listener) const {
    if (all <= most_ / 8) [[likely]]
      return true;
    if (own <= little()) return true;
    return all + listener.held + 2 * own <= most_;
  }
  /// To be called after each read, with all that is held: of a read of empty requests five times its bytes
  /// can come to be held. Where room is short all clients may be read in one turn, and share it; before that
  /// large bodies had better come one by one.
  void pace_reads(std::size_t all) {
    constexpr std::size_t kShort = 16 * 1024;
    const std::size_t room = most_ - std::min(all, most_);
    const std::size_t most = all <= most_ / 2 ? room / 4 : std::min(kShort, room / (4 * (clients_ + 4)));
    loop_.limit_reads(std::max(little() / 2, most));
  }
  /// Who holds so much is read in any case, and who lets so much lie is not dropped for it: an eighth of the
  /// budget by all clients, within bounds.
  std::size_t little() const { return little_; }

  /// So much is held that what the heap loses between it counts, too: time to give that back.
  bool wants_trim() {
    if (held() <= most_ / 2 || loop_.now() - trimmed_at_ < kTrimEvery) return false;
    trimmed_at_ = loop_.now();
    return true;
  }
  /// More is held than should be; and so much that somebody has to go at once. Only what servers send brings
  /// it there.
  bool scarce() const { return held() > most_; }
  bool desperate() const { return held() > 2 * most_; }
  /// Whether it has been scarce for longer than the patience, until a quarter of it is free; to be asked
  /// every turn.
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
  static constexpr Nanos kTrimEvery = 250ms;

  std::size_t little_of_each() const {
    constexpr std::size_t kLeast = 512, kMost = 16 * 1024;
    return std::clamp(most_ / (8 * (clients_ + 1)), kLeast, kMost);
  }

  net::Loop& loop_;
  const Dispatcher& dispatcher_;
  std::size_t most_;
  Nanos patience_;
  std::size_t input_ = 0;
  std::size_t clients_ = 0;
  std::size_t little_ = little_of_each();  // of so many clients
  std::optional<Instant> scarce_since_;
  Instant trimmed_at_{};
};

}  // namespace finishline::worker
