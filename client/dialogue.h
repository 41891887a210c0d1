// A conversation with the other side, one step after the other: what is sent, and the frames that come. For
// those who look at each answer, not for load.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/route.h"
#include "lb/net/loop.h"
#include "lb/net/stream.h"
#include "lb/net/timer.h"
#include "proto/frame.h"

namespace finishline::client {

/// A frame that came.
struct Told {
  proto::FrameHeader header;
  std::vector<std::byte> body;
};

enum class Speech : std::uint8_t { frames, words };  // of two bytes

class Dialogue final : private net::StreamEvents {
 public:
  /// Connects, and runs the loop in each step that waits, for `patience` at most. Loop and route outlive it.
  Dialogue(net::Loop& loop, const Route& route, Nanos patience, Speech speech = Speech::frames);
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

  void send(std::span<const std::byte> bytes);
  /// body_bytes of the header is that of `body`.
  void send(proto::FrameHeader header, std::span<const std::byte> body = {});
  /// No more is sent from here on.
  void end_sending();
  /// Lets so much time pass, in which what was sent leaves.
  void pause(Nanos span);

  /// The next frame but for goaways; nothing when it does not come, see why_nothing().
  std::optional<Told> next();
  /// Where words are spoken: the next so many bytes; fewer when no more come, see why_nothing().
  std::string next_bytes(std::size_t count);
  /// Whether a goaway has come, or does.
  bool hears_goaway();
  /// Whether nothing more comes within `span`.
  bool silent_for(Nanos span);
  /// Whether the other side ends the connection.
  bool ends();
  /// Why next() gave nothing, for people.
  std::string why_nothing() const;

 private:
  void on_connected() override;
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end(net::End end) override;
  bool wait(const std::function<bool()>& until, Nanos at_most);

  net::Loop& loop_;
  Nanos patience_;
  net::Timer timer_;
  net::TcpStream stream_;
  proto::FrameDecoder decoder_;
  std::deque<Told> told_;
  const Speech speech_;
  std::string words_;            // that came
  std::vector<std::byte> last_;  // bytes that came, the beginning of the last ones
  bool connected_ = false, ended_ = false, garbled_ = false, timed_out_ = false, goaway_ = false;
  std::string why_ended_;
};

}  // namespace finishline::client
