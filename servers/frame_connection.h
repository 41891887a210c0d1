// A connection that speaks frames: proto/PROTOCOL.md.
#pragma once

#include "servers/connection.h"

namespace finishline::server {

class FrameConnection final : public Connection {
 public:
  FrameConnection(ConnectionId id, net::TcpStream stream, ConnectionSink& sink, const Options& options)
      : Connection(id, std::move(stream), sink, options),
        decoder_(proto::Direction::to_server, options.max_body) {}

 private:
  void feed(std::span<const std::byte> bytes) override { decoder_.feed(bytes); }
  void decode() override;
  void set_aside() override { decoder_.stash(); }
  void say_goaway() override { write_header({.kind = proto::Kind::goaway}); }
  void write_answer(const Answer& answer) override;

  std::size_t body_bytes_of(const Answer& answer) const;
  void take(const proto::Frame& frame);
  void refuse(const proto::FrameHeader& asked, proto::Status status);
  void write_pong(const proto::FrameHeader& asked);
  void write_header(const proto::FrameHeader& header);

  proto::FrameDecoder decoder_;
};

}  // namespace finishline::server
