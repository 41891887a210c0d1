// One client connection of opaque bytes and its server connection. Worker process.
//
//   waiting --on_place--> connecting --on_connected--> open --both ends ended, one broken, a time-out--> gone
//      ^                      | refused, lost, too slow
//      `----next server-------'
//
// The client is not read before its server is there, so a server that cannot be connected to costs a client
// nothing but time.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "lb/worker/client_session.h"
#include "lb/worker/load_meter.h"
#include "lb/worker/relay.h"
#include "lb/worker/session.h"
#include "lb/worker/stream_pool.h"

namespace finishline::worker {

class StreamSession final : public Session, private Seeker, private RelayEnd::Owner {
 public:
  StreamSession(const SessionContext& context, const ListenerOptions& options, net::TcpStream client,
                const net::Address& peer);

  /// A stream cannot be told to end: it goes on until its sides end it, or the worker's patience does.
  void drain() override {}
  void hold_reading() override { allow_reading(false); }
  void go_on() override { allow_reading(true); }
  bool may_go_on() override { return !context_.budget.scarce(); }
  std::size_t held() const override { return client_.buffered() + server_.buffered(); }
  std::size_t stuck() const override { return client_.buffered(); }
  void drop(ledger::CloseReason reason) override { close(reason); }
  void check_time(Instant now) override;

 private:
  enum class State : std::uint8_t { waiting, connecting, open, closed };

  void begin() override { seek(); }
  const StreamJob& job() const override { return job_; }
  void on_place(const Placement& place) override;
  void on_refused(ledger::CloseReason reason) override;

  void on_connected() override;
  void on_moved(RelayEnd& from, std::size_t bytes) override;
  void on_half_closed(RelayEnd& from) override;
  void on_broken(RelayEnd& from, net::End end) override;

  void allow_reading(bool yes);
  void seek();
  void connect_failed(const std::string& why);
  Nanos patience() const;
  void watch_over_server();
  void measure_load(Instant now);
  void leave_place();
  /// The one door out.
  void close(ledger::CloseReason reason);

  const SessionContext& context_;
  const ListenerOptions& options_;
  net::Address peer_;
  StreamJob job_;
  std::vector<ledger::ServerId> tried_;  // that could not be connected to
  std::optional<StreamPool::Ticket> ticket_;
  Placement place_;
  RelayEnd client_;
  RelayEnd server_;
  Instant last_moved_at_;  // or the begin of the present state
  State state_ = State::waiting;
  config::SendProxy send_proxy_ = config::SendProxy::off;  // of the server
  std::optional<net::Liveness> liveness_;  // of the server's connection, until that has it
  LoadMeter meter_;
};

}  // namespace finishline::worker
