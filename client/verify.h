// Whether a reply is the right one for its request. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "client/payload.h"
#include "client/request.h"
#include "proto/frame.h"

namespace finishline::client {

enum class Fault : std::uint8_t {
#define FINISHLINE_CLIENT_FAULT(name, help) name,
#include "client/faults.def"
#undef FINISHLINE_CLIENT_FAULT
  count_
};
inline constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::count_);
std::string_view name_of(Fault fault);
/// One line for people.
std::string_view help_of(Fault fault);

/// What every reply of a run has to look like.
struct Expectation {
  const Payload* payload = nullptr;        // the bodies that were sent; outlives this
  std::uint8_t flags = 0;                  // as sent, but for the priority, which is the request's
  std::optional<std::size_t> reply_bytes;  // size of the body of an ok reply; nothing: the request's own
};

/// Nothing when the reply is right. The id has been matched: it led to `request`. A reply that reports a
/// failure needs no body; what it has is not looked at.
std::optional<Fault> fault_in(const proto::FrameHeader& reply, std::span<const std::byte> body,
                              const Request& request, const Expectation& expected);

}  // namespace finishline::client
