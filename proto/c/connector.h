// Makes a client's connections: one attempt after the other, over its addresses in turn, with pauses that
// grow.
#pragma once

#include <optional>
#include <string>

#include "proto/c/address_list.h"
#include "proto/c/chance.h"
#include "proto/c/descriptor.h"
#include "proto/c/poller.h"
#include "proto/c/retry_rule.h"

namespace finishline::clib {

class Connector {
 public:
  /// `addresses` have been resolved. `longest_attempt`: a handshake that takes longer counts as failed.
  Connector(AddressList addresses, RetryRule rule, Nanos longest_attempt, Poller& poller)
      : addresses_(std::move(addresses)), rule_(rule), longest_attempt_(longest_attempt), poller_(poller) {}

  /// The tag of its socket in the poller.
  static constexpr std::uint64_t kTag = 0;

  /// Goes on towards a connection: begins an attempt when no pause holds it back, and gives up one that takes
  /// too long. Call it as long as one is wanted.
  void pursue(Instant now);
  /// Its socket is ready: a connected socket, which has left the poller, or nothing when the attempt has
  /// failed.
  Descriptor finish(Instant now);
  /// Nobody wants a connection any more.
  void rest();
  /// The next connection is to go to another address than the last one.
  void turn_away() { ++next_; }

  /// When pursue() has something to do; nothing: it waits for the socket.
  std::optional<Instant> due() const { return due_; }
  /// What the last failure was, as "127.0.0.1:9000: Connection refused"; "" once there has been a connection
  /// since.
  const std::string& why() const { return why_; }

 private:
  void begin(Instant now);
  void fail(Instant now, const std::string& why);
  const SocketAddress& address() const;

  AddressList addresses_;
  RetryRule rule_;
  Nanos longest_attempt_;
  Poller& poller_;
  Chance chance_;
  Descriptor socket_;
  std::optional<Instant> due_;  // the end of the pause, or of the attempt
  std::size_t next_ = 0;
  unsigned failures_ = 0;  // in a row
  std::string why_;
};

}  // namespace finishline::clib
