// A client connection that speaks frames (proto/frame.h). Replies go out as they come; ids match them.
// Worker process.
#pragma once

#include "lb/worker/client_session.h"
#include "proto/frame.h"

namespace finishline::worker {

class FrameSession final : public ClientSession {
 public:
  FrameSession(const SessionContext& context, const ListenerOptions& options, net::TcpStream stream,
               const net::Address& peer);

 private:
  void feed(std::span<const std::byte> bytes) override { decoder_.feed(bytes); }
  Step take_one() override;
  void stash() override { decoder_.stash(); }
  bool mid_frame() const override { return decoder_.mid_frame(); }
  std::size_t kept_bytes() const override { return decoder_.kept_bytes(); }
  void encode(std::uint64_t id, const Answer& answer) override;
  bool say_goaway() override;
  std::span<const std::byte> unread() const override {
    return decoder_.mid_frame() ? decoder_.unread() : std::span<const std::byte>();
  }

  bool begins_otherwise() const;
  void take(const proto::Frame& frame);
  void pong(const proto::FrameHeader& asked);
  void describe(std::uint64_t id);
  struct Estimate {
    Nanos until_done, error;
    std::string_view server_type;
  };
  void estimate(const proto::Frame& frame);
  void estimated(const proto::FrameHeader& asked, proto::Status status, const Estimate& estimate = {});
  void refuse(const proto::FrameHeader& header, proto::Status status);
  inline void write(const proto::FrameHeader& header, std::span<const std::byte> body);

  proto::FrameDecoder decoder_;
};

}  // namespace finishline::worker
