// Accepting connections on a loop.
#pragma once

#include <cstdint>
#include <memory>

#include "lb/net/stream.h"

namespace finishline::net {

/// What to do with a connection that waits: take it, leave it to another process until the loop's next
/// turn, or leave it in the queue until resume().
enum class Accept : std::uint8_t { yes, next_turn, later };

/// Accepts connections on a listening socket that somebody else owns (the descriptor is duplicated).
class TcpListener {
 public:
  class Events {
   public:
    /// Asked before each accept.
    virtual Accept may_accept() { return Accept::yes; }
    virtual void on_accept(TcpStream stream, const Address& peer) = 0;
    /// accept() failed with this errno (EMFILE, ...); accepting pauses for 100 ms, it does not spin.
    virtual void on_accept_error(int error) = 0;

   protected:
    ~Events() = default;
  };

  TcpListener(Loop& loop, int fd, Events& events);

  /// After Accept::later: asks again when a connection waits.
  void resume();
  /// The address bound.
  Address address() const;
  /// Accepts all connections that wait now, without asking: before a socket that nobody else listens on
  /// closes, which would reset them.
  void accept_waiting();

 private:
  struct Block;
  struct Close {
    void operator()(Block* block) const;
  };
  std::unique_ptr<Block, Close> block_;
};

}  // namespace finishline::net
