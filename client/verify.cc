#include "client/verify.h"

#include <array>

#include "proto/reply_body.h"

namespace finishline::client {
namespace {

struct Words {
  std::string_view name, help;
};

constexpr std::array<Words, kFaults> kWords{{
#define FINISHLINE_CLIENT_FAULT(name, help) {#name, help},
#include "client/faults.def"
#undef FINISHLINE_CLIENT_FAULT
}};

bool right_body(std::span<const std::byte> body, const Request& request, const Expectation& expected) {
  const auto sent = expected.payload->body_of(request.number);
  return body.size() == expected.reply_bytes.value_or(sent.size()) &&
         proto::is_reply_body(body, sent, request.length);
}

}  // namespace

std::string_view name_of(Fault fault) { return kWords[static_cast<std::size_t>(fault)].name; }

std::string_view help_of(Fault fault) { return kWords[static_cast<std::size_t>(fault)].help; }

std::optional<Fault> fault_in(const proto::FrameHeader& reply, std::span<const std::byte> body,
                              const Request& request, const Expectation& expected) {
  if (reply.type != request.code) return Fault::type;
  if (reply.length != request.length) return Fault::length;
  if (reply.flags != (expected.flags | proto::priority_flags(request.priority))) return Fault::flags;
  const bool ok = static_cast<proto::Status>(reply.detail) == proto::Status::ok;
  if (ok && !right_body(body, request, expected)) return Fault::body;
  return std::nullopt;
}

}  // namespace finishline::client
