// The listeners of one worker that are at a limit. Their sockets are not watched, and what waits there waits
// in the kernel's queue, until there may be room again:
//
//   a connection of this worker has ended     at the end of that turn
//   one of another worker has ended           it rings the bell of who has rested longest, who
//                                             passes it on when it could use the room (ledger/waiting_line.h)
//   the rate lets the next one in             at that very time
//   a worker died                             the master rings all bells
//   what nobody tells of                      ten times a second
//
// Worker process.
#pragma once

#include <optional>
#include <vector>

#include "lb/ledger/waiting_line.h"
#include "lb/net/timer.h"
#include "lb/process/doorbell.h"

namespace finishline::worker {

class RestingListeners {
 public:
  /// A listener that can rest.
  class Listener {
   public:
    /// When there is room, by the clock alone; nothing: when somebody makes some. The present: there is.
    virtual std::optional<Instant> room_at(Instant now) = 0;
    /// The socket is watched again.
    virtual void resume() = 0;

   protected:
    ~Listener() = default;
  };
  static constexpr Nanos kSafetyNet = 100ms;

  /// All of them outlive this.
  RestingListeners(net::Loop& loop, ledger::Ledger& ledger, ledger::WorkerId self,
                   const process::Doorbells& bells);

  /// False when there is room after all, made before others could see that it is waited for.
  bool rest(Listener& listener);
  /// It accepts no more.
  void forget(Listener& listener);

  /// A connection of this worker has ended.
  void room_made();
  /// Another worker's may have.
  void on_bell();
  /// This worker may read again.
  void look();

 private:
  bool resume_those_with_room();
  void show();
  void set_alarm();

  net::Loop& loop_;
  ledger::WorkerId self_;
  const process::Doorbells& bells_;
  ledger::WaitingLine line_;
  std::vector<Listener*> resting_;
  Instant since_{};  // the longest rest, or the last ring that was for nothing
  net::Timer alarm_;
};

}  // namespace finishline::worker
