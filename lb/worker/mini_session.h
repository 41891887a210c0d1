// A client connection that speaks the two-byte protocol (proto/mini.h). Replies leave in request order;
// every request is retryable, as the protocol has no way to say otherwise. Worker process.
#pragma once

#include <vector>

#include "lb/worker/client_session.h"
#include "lb/worker/reply_order.h"
#include "proto/mini.h"

namespace finishline::worker {

class MiniSession final : public ClientSession {
 public:
  using ClientSession::ClientSession;

 private:
  void feed(std::span<const std::byte> bytes) override { decoder_.feed(bytes); }
  Step take_one() override;
  void stash() override;
  bool mid_frame() const override { return decoder_.mid_frame(); }
  std::size_t kept_bytes() const override { return stashed_.capacity() + order_.bytes(); }
  /// A refused word waits for its turn to be told so, as an answer does.
  bool full(std::uint32_t /*open*/) const override { return order_.size() >= options_.max_open; }
  void encode(std::uint64_t position, const Answer& answer) override;

  proto::MiniDecoder decoder_;
  std::vector<std::byte> stashed_;  // what decoder_ reads from during a pause
  ReplyOrder<proto::MiniRequest, proto::MiniWord> order_;
};

}  // namespace finishline::worker
