// One client connection of opaque bytes and its server connection. Worker process.
//
//   waiting --on_place--> connecting --on_connected--> open --both ends ended, or a time-out--> gone
//      ^                      | refused, lost, too slow   `--one broken--> delivering --all confirmed--> gone
//      `----next server-------'
//
// Where every server has been tried in vain, all of them are tried again after a pause, max_attempts in all:
// one that is being restarted is soon back.
//
// The client is not read before its server is there, so a server that cannot be connected to costs a client
// nothing but time. One that leaves meanwhile is noticed all the same and gives its place up: when it is
// reset, or ends without having said anything. Who has said something and then ended is served.
//
// A break is passed on as a reset, behind all that came before it: what one side has sent reaches the other
// side's kernel first, for as long as that goes on taking it (half_closed_timeout, else idle_timeout).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lb/net/timer.h"
#include "lb/worker/client_session.h"
#include "lb/worker/load_meter.h"
#include "lb/worker/relay.h"
#include "lb/worker/session.h"
#include "lb/worker/stream_pool.h"
#include "proto/proxy_header.h"

namespace finishline::worker {

class StreamSession final : public Session, private StreamWaiter, private RelayEnd::Owner {
 public:
  /// `told`: what a proxy in front of us has said of this connection, for the server that wants to know.
  /// `said`: what has been read of the client already; it goes to the server first.
  StreamSession(const SessionContext& context, const ListenerOptions& options, net::TcpStream client,
                const net::Address& peer, const proto::ProxyHeader* told = nullptr, std::string said = {});

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
  enum class State : std::uint8_t { waiting, connecting, open, delivering, closed };

  void begin() override { request_place(); }
  const StreamJob& job() const override { return job_; }
  bool here() const override { return client_.here(); }
  void on_waiting(WaitingTicket ticket) override;
  void on_place(const Placement& place) override;
  void on_refused(ledger::CloseReason reason) override;

  void on_connected() override;
  void on_moved(RelayEnd& from, std::size_t bytes, BulkWay way) override;
  void on_half_closed(RelayEnd& from) override;
  void on_broken(RelayEnd& from, net::End end) override;

  void allow_reading(bool yes);
  void request_place();
  void connect_to(StreamPool::Server& server);
  void connect_failed(const std::string& why);
  void pause();
  bool half_closed() const;
  Nanos patience() const;
  void watch_over_server();
  void watch_over_unread();
  void measure_load(Instant now);
  void deliver_rest(RelayEnd& last, ledger::CloseReason reason);
  void follow_delivery();
  void leave_place();
  void tell_access_log(ledger::CloseReason reason, Instant now);
  /// The one door out.
  void close(ledger::CloseReason reason);

  const SessionContext& context_;
  const ListenerOptions& options_;
  net::Address peer_;
  StreamJob job_;
  std::vector<ledger::ServerId> tried_;  // since the last pause, in vain
  std::uint32_t attempts_ = 0;           // in vain, in all
  Instant asked_at_;
  std::optional<Instant> open_since_;
  std::optional<WaitingTicket> ticket_;
  std::optional<Placement> place_;  // the last one it was given
  bool holds_place_ = false;
  bool broken_unread_ = false;  // one end is broken, and the other has still to take what came from it
  RelayEnd client_;
  RelayEnd server_;
  Instant last_moved_at_;  // or the begin of the present state
  State state_ = State::waiting;
  std::unique_ptr<const proto::ProxyHeader> told_;  // by a proxy in front of us
  std::string preface_;                             // for the server, before all else
  std::string said_;                                // by the client, and not passed on yet
  std::optional<net::TcpTimeouts> tcp_timeouts_;    // of the server's connection, until that has it
  LoadMeter meter_;
  std::int64_t bytes_in_ = 0, bytes_out_ = 0;  // from the client and to it
  ledger::CloseReason why_broken_{};           // while delivering
  std::size_t unconfirmed_ = 0;                // then
  std::unique_ptr<net::Timer> timer_;          // of a pause, and while delivering
};

}  // namespace finishline::worker
