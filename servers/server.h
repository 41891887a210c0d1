// A typed reference server: works on requests, first come, first served, and replies when they are due.
//
//   bytes -> Connection -> Server::on_request -> Queue ... timer ... on_due -> Connection::answer -> bytes
//
// With --exec a CommandQueue does the work in the place of Queue and timer.
//
// Work without service time on an idle server is answered on the spot: no queue, no timer, no clock, and
// all replies to one read leave in one write.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lb/model/server_queue.h"
#include "lb/net/listener.h"
#include "lb/net/loop.h"
#include "lb/net/timer.h"
#include "proto/slot_map.h"
#include "servers/command_queue.h"
#include "servers/connection.h"
#include "servers/faults.h"
#include "servers/goodbye.h"
#include "servers/options.h"
#include "servers/service_estimate.h"
#include "servers/status.h"
#include "servers/usage_meter.h"

namespace finishline::server {

class Server final : public net::TcpListener::Events, public ConnectionSink {
 public:
  /// Serves on `listening_fd`, which stays the caller's. `options` outlives the server. `left` is called
  /// once, when drain() or stop() are through: nothing of the server keeps the loop running any more but
  /// connections that send what was written.
  Server(net::Loop& loop, int listening_fd, const Options& options, std::function<void()> left);

  /// Accepts no more, says goaway, answers new requests with `draining`, finishes what is queued, then
  /// leaves: in the first pause of 0.2 s, after a second, or when nobody is connected any more.
  void drain();
  /// Drops everything and leaves at once.
  void stop();

  /// How it is.
  ServerStatus status();

 private:
  /// A request while it is worked on, or held back after that.
  struct Pending {
    ConnectionId connection = 0;
    proto::FrameHeader asked;
    std::vector<std::byte> body;
    Nanos service{};
  };
  struct HeldBack {
    Instant until;
    Pending pending;
  };

  void on_accept(net::TcpStream stream, const net::Address& peer) override;
  void on_accept_error(int error) override;
  void on_request(Connection& from, const proto::FrameHeader& asked,
                  std::span<const std::byte> body) override;
  void on_half_closed(Connection& from) override;
  void on_closed(Connection& from) override;
  void on_cancel(Connection& from, std::uint64_t id) override;
  proto::Status on_resize(std::uint32_t slots) override;
  std::string vitals() override { return to_json(vitals_of(status())); }
  std::size_t spoilt_place(std::size_t size) override { return faults_.place(size); }

  void admit(Connection& from, Pending pending);
  void admit_command(Connection& from, Pending pending);
  void on_command_result(const Job& job, JobResult result);
  void on_due();
  void on_delay_over();
  void arm();
  void arm_delay();
  void burn() const;
  void forget_queued(Connection& connection);
  bool idle() const { return queue_.empty() && held_back_.empty() && (!commands_ || commands_->empty()); }
  Nanos backlog(Instant now) const;
  void reply_to(const Pending& pending);
  void reply(Connection& to, Answer answer);
  void give(Connection& to, const Answer& answer);
  void stall();
  void crash();
  void refuse_late(Connection& from, const proto::FrameHeader& asked);
  void leave_if_done();
  void leave();
  Connection* find(ConnectionId id);
  Pending take(std::uint64_t tag) { return pending_.take(SlotKey::unpacked(tag)); }

  net::Loop& loop_;
  const Options& options_;
  std::function<void()> left_;
  std::array<double, 256> nanos_per_unit_{};  // by type code; infinity: cannot
  Faults faults_;
  model::ServerQueue queue_;
  std::optional<CommandQueue> commands_;  // in the place of queue_
  ServiceEstimate estimate_;              // of what commands take

  SlotMap<Pending> pending_;  // what is queued, by the tag of its work
  std::deque<HeldBack> held_back_;
  std::unordered_map<ConnectionId, std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> retired_;  // dead when the turn is over
  UsageMeter usage_;
  Instant started_at_;
  std::uint64_t received_ = 0;
  std::array<std::uint64_t, proto::kStatusCount> answered_{};
  ConnectionId next_connection_ = 1;

  std::optional<net::TcpListener> listener_;
  std::optional<net::Timer> due_timer_;
  std::optional<net::Timer> goodbye_timer_;
  net::Timer burial_;  // of what has retired
  std::optional<net::Timer> delay_timer_;
  std::optional<net::Timer> slow_read_timer_;
  std::optional<net::Timer> crash_timer_;
  std::optional<Instant> armed_;  // what due_timer_ waits for
  bool draining_ = false;
  bool leaving_ = false;  // leave() has begun
  Goodbye goodbye_;
  bool mute_ = false;  // stalled, or about to crash
};

}  // namespace finishline::server
