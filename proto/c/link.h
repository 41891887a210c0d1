// A client's side of one connection: what goes out, the frames that come in, and whether it takes new
// requests.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "proto/c/descriptor.h"
#include "proto/c/outbox.h"
#include "proto/c/poller.h"
#include "proto/frame.h"

namespace finishline::clib {

class Link {
 public:
  /// Takes a connected socket that does not block, which stands in `poller` under `tag`.
  Link(Descriptor socket, Poller& poller, std::uint64_t tag, std::uint32_t max_body)
      : socket_(std::move(socket)),
        poller_(poller),
        tag_(tag),
        decoder_(proto::Direction::answers, max_body) {}

  Outbox out;
  std::size_t open = 0;  // requests that wait for their answers here
  bool going = false;    // the other side has said goaway, or the client leaves it

  std::uint64_t tag() const { return tag_; }

  /// How a connection ends: FINISHLINE_CONNECTION_LOST or FINISHLINE_PROTOCOL_ERROR, and words.
  struct Ending {
    int result = 0;  // 0: it has not ended
    std::string why;
  };
  /// Nobody waits any more for what was asked under this id: the other side is told, if it understands that.
  /// The first time it is asked.
  void cancel(std::uint64_t id);
  /// Whether something that takes requests back has not left yet.
  bool takes_back() const { return !to_cancel_.empty() || out.sent_so_far() < taken_back_; }
  /// Whether this frame was for the link alone.
  bool takes(const proto::Frame& frame);
  /// Sends what the kernel takes, and has the poller wait for the rest.
  Ending flush();
  /// Has the poller say when it can be written to: the loop of the user then comes by.
  void want_write();
  /// One read; calls use(frame) for each answer that it completes.
  template <class Use>
  Ending read(std::span<std::byte> block, Use use) {
    std::size_t count = 0;
    if (Ending ending = receive(block, count); ending.result != 0) return ending;
    const auto sound = [&](const proto::Frame& frame, proto::FrameDecoder::Step step) {
      heard_ = true;
      too_large_ = step == proto::FrameDecoder::Step::too_large;
      if (!too_large_) use(frame);
      return !too_large_;
    };
    return decoder_.take_all(block.first(count), sound) ? Ending() : nonsense(block.first(count));
  }

 private:
  Ending receive(std::span<std::byte> block, std::size_t& count);
  Ending nonsense(std::span<const std::byte> bytes) const;
  void watch(bool write);
  void put(const proto::FrameHeader& header);

  /// Whether the other side understands frames of kind cancel.
  enum class Cancels : std::uint8_t { unknown, asked, no, yes };
  /// The id of the ping that asks for it; no ticket is 0.
  static constexpr std::uint64_t kAsk = 0;

  Descriptor socket_;
  Poller& poller_;
  std::uint64_t tag_;
  proto::FrameDecoder decoder_;
  bool watching_write_ = false;
  bool heard_ = false;  // a whole frame has come
  bool too_large_ = false;
  Cancels cancels_ = Cancels::unknown;
  std::vector<std::uint64_t> to_cancel_;  // while it is asked
  std::uint64_t taken_back_ = 0;          // where the last frame that does so ends in the outbox
};

}  // namespace finishline::clib
