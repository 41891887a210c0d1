// One request of a client on its trip through its attempts: limits in time, and what each attempt sends.
// Pure: time comes in as an argument.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "proto/c/finishline.h"
#include "proto/c/moment.h"
#include "proto/frame.h"

namespace finishline::clib {

/// What is asked, checked and copied.
struct Question {
  proto::Kind kind = proto::Kind::request;  // or ping, describe
  char type = 0;
  std::uint8_t flags = 0;
  std::uint32_t length = 0;
  std::uint32_t deadline_ms = 0;  // 0: none
  std::vector<std::byte> body;
  bool retryable() const { return kind != proto::Kind::request || (flags & proto::kRetryable) != 0; }
};
/// What is wrong with a call, or nullptr.
const char* fault_of(const finishline_call& call);
/// Of a call without fault.
Question question_of(const finishline_call& call);

class ClientRequest {
 public:
  /// `timeout`: so long it may take in all; nothing: for ever.
  ClientRequest(Question question, Instant now, std::optional<Nanos> timeout);

  enum class State : std::uint8_t {
    queued,   // waits for a connection
    open,     // has been put on one
    pausing,  // waits before its next attempt
  };
  State state = State::queued;
  std::uint64_t link = 0;    // open: the tag of its link
  std::uint64_t begins = 0;  // open: where its bytes begin in the link's outbox
  Instant until = kNever;    // queued: it gives up waiting for a connection; pausing: the pause ends
  Instant wake = kNever;     // when the clock must look at it
  bool reached = false;      // bytes of an attempt have been sent: it may have been worked on

  const Question& question() const { return question_; }
  /// When the client gives up.
  Instant limit() const { return limit_; }
  /// What it ends with then: FINISHLINE_DEADLINE_EXCEEDED or FINISHLINE_TIMED_OUT.
  int result_at_limit() const {
    return limit_ == with_grace_ ? FINISHLINE_DEADLINE_EXCEEDED : FINISHLINE_TIMED_OUT;
  }
  unsigned attempts() const { return attempts_; }
  /// Begins an attempt: the header to send, whose deadline is what is left of the request's. Nothing when
  /// none is.
  std::optional<proto::FrameHeader> next_header(std::uint64_t id, Instant now);
  /// Whether a frame of this kind answers it.
  bool answered_by(proto::Kind kind) const;

 private:
  Question question_;
  Instant deadline_;
  Instant with_grace_;  // the other side has so long to say that the deadline has passed
  Instant limit_;
  unsigned attempts_ = 0;
};

}  // namespace finishline::clib
