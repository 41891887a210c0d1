// What travels between a session and the dispatcher, whatever the protocol on either side. Worker process.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "lb/ledger/source_samples.h"
#include "proto/cost_model.h"
#include "proto/frame.h"

namespace finishline::worker {

/// Where a reply goes: a session by slot and generation, so that one that has gone is a look-up that
/// finds nothing, and the session's own tag of the request (frame: the client's id; mini: its position).
struct ReplyAddress {
  std::uint32_t session = 0;
  std::uint32_t generation = 0;
  std::uint64_t tag = 0;
};

/// One request of a known type. `body` and `headers` borrow from the reader's buffer.
struct Request {
  RequestType type = 0;
  char code = 0;  // the type's letter
  std::uint8_t flags = 0;
  std::uint32_t length = 0;
  std::uint32_t deadline_ms = 0;  // 0: the pool's time-out
  std::uint64_t client_key = 0;   // hash of the client's address
  std::span<const std::byte> body{};
  std::string_view
      headers{};  // of HTTP, for servers that speak it: lines, each with its end; fewer than 64 KiB

  bool retryable() const { return (flags & proto::kRetryable) != 0; }
};

/// The one answer that every request gets. `body` and `headers` borrow from the link's buffers.
struct Answer {
  proto::Status status = proto::Status::ok;
  char code = 0;
  std::uint8_t flags = 0;
  std::uint32_t length = 0;
  std::uint32_t service_us = 0;
  std::uint32_t server = 0;  // number of the server that did it; 0 when none did
  std::span<const std::byte> body{};
  std::string_view headers{};  // of a server that speaks HTTP: lines, Content-Type among them
  bool done = false;           // the work was done, whatever the status says
};

/// Whose a request is, for people. Borrows from the session.
struct ClientName {
  std::string_view listener, address;
};

/// Who takes answers: the session table. Called by the dispatcher.
class AnswerSink {
 public:
  /// False when the session has gone: the answer is nobody's.
  virtual bool answer(const ReplyAddress& address, const Answer& answer) = 0;
  /// Whether an answer would still be somebody's.
  virtual bool awaited(const ReplyAddress& address) const = 0;
  /// So many bytes more, or fewer, of its request's body are kept.
  virtual void kept(const ReplyAddress& address, std::ptrdiff_t bytes) = 0;
  /// Empty when the session has gone, or nobody has asked for names.
  virtual ClientName name_of(const ReplyAddress& /*address*/) const { return {}; }
  /// What its client's requests weigh against others' that wait; 0: that is not asked for, or it has gone.
  virtual double weight_of(const ReplyAddress& /*address*/) const { return 0; }
  /// All zero when the session has gone, or its client has no host.
  virtual ledger::SourceHost host_of(const ReplyAddress& /*address*/) const { return {}; }

 protected:
  ~AnswerSink() = default;
};

}  // namespace finishline::worker
