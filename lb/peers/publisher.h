// When and what this proxy tells the others: what has changed, every `sync_interval` at most, everything now
// and then, and at least every kHeartbeat that it lives. While nothing changes it sleeps, and workers wake
// it. Peer process.
#pragma once

#include <array>

#include "lb/ledger/nodes.h"
#include "lb/net/timer.h"
#include "lb/peers/directory.h"
#include "lb/peers/engine.h"
#include "lb/peers/own_view.h"
#include "lb/peers/seats.h"

namespace finishline::peers {

class Publisher {
 public:
  static constexpr Nanos kHeartbeat = 50ms;
  static constexpr Nanos kFull = 500ms;
  static constexpr Nanos kFullAtMost = 20ms;  // however often it is asked for

  struct Options {
    std::string name;
    std::uint64_t epoch = 0;
    Nanos interval = 1ms;
  };
  /// All but the options outlive it.
  Publisher(net::Loop& loop, ledger::Ledger& ledger, const Directory& directory, PeerEngine& engine,
            Seats& seats, Options options);

  /// The directory is another one now: all is told anew, every `interval` at most.
  void follow_directory(Nanos interval);

  /// Something may have changed.
  void wake();
  /// Somebody is to be told all.
  void want_full() { full_wanted_ = true; }
  /// We are to be told all.
  void ask_for_full(bool yes) { asks_ = yes; }
  /// Others were not told of what has changed, or not all of them.
  void begin_anew() { full_due_ = full_wanted_ = true; }
  /// To be called every few milliseconds.
  void look(Instant now);
  /// Says that this is the end.
  void leave();
  /// Since this report was said; of one before the last kRemembered, at least so long.
  Nanos lag_of(std::uint32_t sequence, Instant now) const;

 private:
  static constexpr std::size_t kRemembered = 64;
  struct Said {
    std::uint32_t sequence = 0;
    Instant at{};
  };

  void publish();
  bool full_is_due(Instant now) const;
  void look_at_books(Instant now);
  void say(Report report, Instant now);

  net::Loop& loop_;
  ledger::Ledger& ledger_;
  const Directory& directory_;
  PeerEngine& engine_;
  Seats& seats_;
  Nanos interval_;
  OwnView view_;
  ledger::PeerSleep sleep_;
  net::Timer next_;
  bool full_wanted_ = true, full_due_ = true, asks_ = true;
  Instant said_at_{}, full_at_{}, looked_at_{};
  std::array<Said, kRemembered> said_{};  // by sequence number
};

}  // namespace finishline::peers
