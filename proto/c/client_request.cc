#include "proto/c/client_request.h"

#include <algorithm>

namespace finishline::clib {
namespace {

constexpr Nanos kGrace = 1s;

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

}  // namespace

const char* fault_of(const finishline_call& call) {
  if (!is_letter(call.type)) return "the type of the call is no ASCII letter; write call.type = 'V'";
  if ((call.flags & ~FINISHLINE_RETRYABLE) != 0)
    return "unknown flags in the call; FINISHLINE_RETRYABLE is the only one";
  if (call.priority >= proto::kPriorities) return "call.priority is a class from 0 to 3, the most urgent";
  if (call.body_bytes > UINT32_MAX) return "the body does not fit into a frame: it has more than 4 GiB";
  if (call.body == nullptr && call.body_bytes > 0) return "call.body is NULL, and call.body_bytes is not 0";
  if (call.reserved[0] != 0 || call.reserved[1] != 0)
    return "set the call to zero first: call.reserved is not 0";
  return nullptr;
}

Question question_of(const finishline_call& call) {
  const auto* const body = static_cast<const std::byte*>(call.body);
  const auto retryable = static_cast<std::uint8_t>(call.flags & FINISHLINE_RETRYABLE);
  return {.kind = proto::Kind::request,
          .type = call.type,
          .flags = static_cast<std::uint8_t>(retryable | proto::priority_flags(call.priority)),
          .length = call.length,
          .deadline_ms = call.deadline_ms,
          .body = body == nullptr ? std::vector<std::byte>()
                                  : std::vector<std::byte>(body, body + call.body_bytes)};
}

ClientRequest::ClientRequest(Question question, Instant now, std::optional<Nanos> timeout)
    : question_(std::move(question)),
      deadline_(question_.deadline_ms == 0 ? kNever : now + std::chrono::milliseconds(question_.deadline_ms)),
      with_grace_(deadline_ == kNever ? kNever : deadline_ + kGrace),
      limit_(std::min(with_grace_, after(now, timeout))) {}

std::optional<proto::FrameHeader> ClientRequest::next_header(std::uint64_t id, Instant now) {
  proto::FrameHeader header{.kind = question_.kind,
                            .type = question_.type,
                            .flags = question_.flags,
                            .id = id,
                            .length = question_.length};
  if (deadline_ != kNever) {
    if (now >= deadline_) return std::nullopt;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - now);
    header.detail = static_cast<std::uint32_t>(left.count());
  }
  ++attempts_;
  return header;
}

bool ClientRequest::answered_by(proto::Kind kind) const {
  switch (question_.kind) {
    case proto::Kind::request:
      return kind == proto::Kind::reply;
    case proto::Kind::ping:
      return kind == proto::Kind::pong;
    case proto::Kind::describe:
      return kind == proto::Kind::description;
    default:
      return false;
  }
}

}  // namespace finishline::clib
