// A worker's side of one connection: bytes in and out, and how it ends. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "proto/c/descriptor.h"
#include "proto/c/intake.h"
#include "proto/c/moment.h"
#include "proto/c/outbox.h"
#include "proto/c/poller.h"
#include "proto/frame.h"

namespace finishline::clib {

class ServerConnection {
 public:
  /// Takes an accepted socket that does not block, and has `poller` tell of it under `tag`. Throws
  /// std::system_error.
  ServerConnection(Descriptor socket, Poller& poller, std::uint64_t tag, std::uint32_t max_body);

  std::size_t owed = 0;  // requests that wait for their answers
  std::uint64_t tag() const { return tag_; }

  /// One read; calls use(frame, too_large) for each whole frame. What makes no sense is answered and is the
  /// last.
  template <class Use>
  void read(std::span<std::byte> block, Instant now, Use use) {
    const std::size_t count = receive(block);
    if (count == 0 || last_words_until_) return;
    proto::FrameHeader last;
    const auto each = [&](const proto::Frame& frame, proto::FrameDecoder::Step step) {
      use(frame, step == proto::FrameDecoder::Step::too_large);
      return true;
    };
    if (!take_all(block.first(count), last, each)) say_last(Intake::bad_frame(last), now);
  }
  void put(const Answer& answer) { put(answer.header, std::as_bytes(std::span(answer.body))); }
  void put(const proto::FrameHeader& header, std::span<const std::byte> body);
  /// Sends what the kernel takes. Who takes nothing for long is given up.
  void flush(Instant now);

  /// Whether it is to be closed: it is broken, has said its last words, or its other side wants no more and
  /// is owed nothing.
  bool over(Instant now) const;
  /// Whether its other side has ended, or will get no answer any more: what waits is to be withdrawn.
  bool abandoned() const { return lost_ || ended_ || last_words_until_.has_value(); }
  bool has_output() const { return !out_.empty(); }
  /// When over() must be asked again; kNever: at the next event.
  Instant due() const;
  void lose() { lost_ = true; }

 private:
  template <class Each>
  bool take_all(std::span<const std::byte> bytes, proto::FrameHeader& last, Each each) {
    decoder_.feed(bytes);
    proto::Frame frame;
    for (auto step = decoder_.next(frame);; step = decoder_.next(frame)) {
      if (step == proto::FrameDecoder::Step::need_more) return true;
      last = frame.header;
      if (step == proto::FrameDecoder::Step::bad) return false;
      each(frame, step);
    }
  }
  std::size_t receive(std::span<std::byte> block);
  void say_last(const Answer& answer, Instant now);
  void watch();

  Descriptor socket_;
  Poller& poller_;
  std::uint64_t tag_;
  proto::FrameDecoder decoder_;
  Outbox out_;
  std::uint32_t watched_ = EPOLLIN;
  bool lost_ = false;
  bool ended_ = false;     // the other side has sent its last byte
  bool finished_ = false;  // so have we
  std::optional<Instant>
      last_words_until_;  // behind a bad frame: nothing is read any more, it waits for the end
  std::optional<Instant> stalled_until_;  // the other side takes nothing; it has so long to begin
};

}  // namespace finishline::clib
