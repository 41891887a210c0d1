// Requests in frames and the replies that a client of SessionStage expects, and a client that must not be
// disturbed by what others do.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "tests/support/session_stage.h"

namespace finishline::test {

constexpr ledger::ServerId kServer = 1;

inline Bytes request(std::uint64_t id, std::uint32_t length = 5, std::string_view body = {},
                     char type = 'V') {
  return frame_of({.kind = proto::Kind::request, .type = type, .id = id, .length = length}, body);
}

/// The bytes of the reply that echoes this request, less flags that would make the reply a bad frame, too.
inline std::string reply_bytes(std::span<const std::byte> frame, proto::Status status,
                               std::string_view body = {}) {
  const proto::FrameHeader asked = proto::decode_header(frame.data());
  const bool done = status == proto::Status::ok;
  return text_of(frame_of({.kind = proto::Kind::reply,
                           .type = asked.type,
                           .flags = static_cast<std::uint8_t>(asked.flags & proto::kKnownFlags),
                           .id = asked.id,
                           .length = asked.length,
                           .detail = static_cast<std::uint32_t>(status),
                           .service_us = done ? 1000U : 0U,
                           .origin = done ? kServer : 0U},
                          body));
}

/// A moment by which everything sent so far has been read and handled.
inline Instant moment() { return std::chrono::steady_clock::now(); }

/// Another client with a request open all the while: it must get its reply, and go on.
class Bystander {
 public:
  explicit Bystander(SessionStage& proxy) : proxy_(proxy), client_(proxy.connect()) {
    client_.send(request(77, 3, "mine"));
    REQUIRE(proxy_.until_sent(1));
  }
  void check_undisturbed() {
    CHECK(client_.received().empty());
    proxy_.reply(0);
    const std::size_t next = proxy_.link.sent.size();
    client_.send(request(78, 4));
    REQUIRE(proxy_.until_sent(next + 1));
    proxy_.reply(next);
    const std::string both = reply_bytes(request(77, 3, "mine"), proto::Status::ok, "mine") +
                             reply_bytes(request(78, 4), proto::Status::ok);
    CHECK(proxy_.until([&] { return client_.received().size() >= both.size(); }));
    CHECK(client_.received() == both);
    CHECK_FALSE(client_.ended());
  }

 private:
  SessionStage& proxy_;
  StagePeer& client_;
};

}  // namespace finishline::test
