// What is said in one check of a server once the connection is there: the question, and what its answer
// means. Pure: bytes out, bytes in. Control process.
//
//   check      question                          passes with
//   ping       a frame's ping                    its pong, in whose body it may say how it is
//   http       GET path, Host                    a status within the range
//   redis      PING                              +PONG; also -NOAUTH: clients bring their passwords
//   postgres   a start-up packet of the user     a question for a password, or that it needs none; also an
//                                                error about this user, who is not one of the clients
//
// Whatever else a server says is why it failed: "-LOADING ...", "the database system is starting up", and
// that it has no room for more connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proto/server_vitals.h"

namespace finishline::control {

/// Why a check failed; nothing when it passed.
using ProbeFault = std::optional<std::string>;

class Dialog {
 public:
  virtual ~Dialog() = default;
  /// The bytes of the next check; what was heard before is forgotten.
  virtual std::string question() = 0;
  /// More of the answer. Nothing while that is not enough for a verdict.
  virtual std::optional<ProbeFault> on_bytes(std::span<const std::byte> bytes) = 0;
  /// What the server said of itself in an answer that passed; nothing when it did not.
  virtual std::optional<proto::ServerVitals> vitals() const { return std::nullopt; }
};

std::unique_ptr<Dialog> ping_dialog();
/// `host` as the header has it. Passes with a status from `first` to `last`.
std::unique_ptr<Dialog> http_dialog(std::string_view path, std::string_view host, int first, int last);
std::unique_ptr<Dialog> redis_dialog();
std::unique_ptr<Dialog> postgres_dialog(std::string_view user);

}  // namespace finishline::control
