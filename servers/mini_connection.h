// A connection that speaks the two-byte protocol: replies leave in the order of their requests, whatever
// order the work was done in.
#pragma once

#include <deque>
#include <vector>

#include "proto/mini.h"
#include "servers/connection.h"

namespace finishline::server {

class MiniConnection final : public Connection {
 public:
  MiniConnection(ConnectionId id, net::TcpStream stream, ConnectionSink& sink, const Options& options)
      : Connection(id, std::move(stream), sink, options) {}

 private:
  /// The place of one request in the order of replies.
  struct Turn {
    bool has_come = false;
    std::uint8_t bytes = proto::kMiniBytes;  // fewer when a fault takes some
    proto::MiniWord word{};
  };

  void feed(std::span<const std::byte> bytes) override { decoder_.feed(bytes); }
  void decode() override;
  void set_aside() override;
  void write_answer(const Answer& answer) override;

  void take(proto::MiniWord word);
  void write_what_has_come();

  proto::MiniDecoder decoder_;
  std::vector<std::byte> aside_;  // fed, not decoded yet
  std::deque<Turn> turns_;        // of the requests not answered yet; the id of a request is its place
  std::uint64_t first_turn_ = 0;  // id of the request at the front
  bool no_more_ = false;          // a word made no sense: close when the turns before it are through
};

}  // namespace finishline::server
