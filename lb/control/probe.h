// One check of one server: connects, asks, judges the answer. Control process, on its loop.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "lb/net/loop.h"
#include "lb/net/source_addresses.h"
#include "lb/net/stream.h"
#include "lb/net/timer.h"
#include "proto/frame.h"

namespace finishline::control {

class Probe : private net::StreamEvents {
 public:
  enum class Kind : std::uint8_t {
    ping,     // a frame ping is answered by its pong
    connect,  // a connection can be opened
    http,     // GET is answered with a status of 200 to 399
  };
  struct Options {
    net::Address address;
    Kind kind = Kind::ping;
    std::string path = "/";  // http
    Nanos timeout = 1s;      // from the start of the connection to the answer
    net::SourceAddresses sources{};
    bool operator==(const Options&) const = default;
  };
  /// Why the check failed; nothing when it passed.
  using Fault = std::optional<std::string>;

  /// `done` hears the verdict of each start() once, from the loop; it may start the next.
  Probe(net::Loop& loop, Options options, std::function<void(const Fault&)> done);

  /// Over a connection of its own. Precondition: no check is under way.
  void start();
  bool under_way() const { return patience_.active(); }

 private:
  void on_connected() override;
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end(net::End end) override;

  void ask();
  void take_frames(std::span<const std::byte> bytes);
  void take_status_line(std::span<const std::byte> bytes);
  void finish(const Fault& fault);

  net::Loop& loop_;
  Options options_;
  std::function<void(const Fault&)> done_;
  net::TcpStream stream_;
  net::Timer patience_;
  proto::FrameDecoder frames_;
  std::uint64_t id_ = 0;  // of the last ping
  std::string line_;      // what there is of the status line
};

}  // namespace finishline::control
