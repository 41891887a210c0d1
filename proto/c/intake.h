// A worker's side of the protocol without its sockets: what each frame is answered with, and what waits. Pure
// but for the vitals; time comes in as an argument. One thread at a time.
#pragma once

#include <bitset>
#include <optional>
#include <string>

#include "proto/c/vitals.h"
#include "proto/c/workload.h"
#include "proto/frame.h"

namespace finishline::clib {

struct ServerRules {
  std::bitset<256> types;  // the letters that it does
  std::uint32_t slots = 1;
  std::uint32_t max_slots = 0;  // a resize may go so far; 0: see Server::most_slots()
  std::uint32_t max_body = proto::kDefaultMaxBody;
  std::size_t max_waiting = 1024;
  std::size_t max_waiting_bytes = std::size_t{64} << 20;
  std::size_t max_connections = 1024;
};

/// A frame to send.
struct Answer {
  proto::FrameHeader header;
  std::string body;
};

class Intake {
 public:
  Intake(Server* server, const ServerRules& rules)
      : server_(server), rules_(rules), work_(rules.max_waiting, rules.max_waiting_bytes) {}

  bool draining = false;  // new requests are refused

  /// What a frame, but for a cancel, is answered with at once; nothing: it is a request, and waits now.
  /// Throws std::bad_alloc.
  std::optional<Answer> take(const proto::Frame& frame, bool too_large, std::uint64_t connection,
                             Instant now);
  /// The reply to what waited under this id and is cancelled; nothing: there is nothing to answer now.
  std::optional<Answer> cancel(std::uint64_t id, std::uint64_t connection, Instant now);
  /// The reply to a frame that asks for another number of slots, from 1 to `most`; it is in force if that
  /// says ok.
  Answer resize(const proto::FrameHeader& asked, std::uint32_t most);
  std::uint32_t slots() const { return rules_.slots; }
  void set_slots(std::uint32_t slots) { rules_.slots = slots; }
  /// What a frame is refused with.
  static Answer refused(const proto::FrameHeader& asked, proto::Status status);
  /// The reply behind which a connection closes.
  static Answer bad_frame(const proto::FrameHeader& asked);

  /// The next request to work on, if a slot is free.
  ServerJob* begin(Instant now);
  /// A job that is done, and the header of its reply. Its own body may be that of the reply.
  struct Finished {
    std::unique_ptr<ServerJob> job;
    proto::FrameHeader header;
  };
  /// `service_us`: for overloaded; else the reply has the time that it took.
  Finished finish(ServerJob* job, int status, std::uint32_t service_us, Instant now);
  Workload& work() { return work_; }

 private:
  Answer pong(const proto::FrameHeader& asked, Instant now);
  std::optional<Answer> request(const proto::Frame& frame, std::uint64_t connection, Instant now);

  Server* server_;
  ServerRules rules_;
  Workload work_;
  Vitals vitals_;
  std::uint64_t last_serial_ = 0;
};

}  // namespace finishline::clib
