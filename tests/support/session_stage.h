// One listener of one worker on a stage: sessions, session table, dispatcher and ledger are real, the server
// is a link that remembers what it was sent and replies when the test says so. Time-outs are tried by
// handing the session table a later time.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <vector>

#include "lb/worker/byte_budget.h"
#include "lb/worker/frame_session.h"
#include "lb/worker/http_session.h"
#include "lb/worker/mini_session.h"
#include "lb/worker/session_table.h"
#include "tests/support/dispatch_desk.h"
#include "tests/support/loop_stage.h"

namespace finishline::test {

enum class Protocol : std::uint8_t { frame, mini, http };

/// With one video server, number 1, behind it.
class SessionStage : private net::TcpListener::Events {
 public:
  explicit SessionStage(Protocol protocol = Protocol::frame,
                        std::size_t max_buffered = std::size_t{256} << 20,
                        Nanos budget_patience = std::chrono::hours(1))
      : protocol_(protocol), max_buffered_(max_buffered), budget_patience_(budget_patience) {
    options.name = "test";
    options.max_length = 1000;
    options.cost = options.http.cost = &cost_;
    options.memory = &share;
    ledger_.ensure_server("of-another-pool", 1);
    const ledger::ServerId id = *ledger_.ensure_server("video-1", 1);
    std::vector<worker::Member> members{{.id = id, .spec = {id, "video-1", 0, 1.0, 1}}};
    dispatcher.add_pool(
        worker::RequestPool({.name = "media", .policy = "makespan"}, members, cost_, books_, metrics_, 1));
    dispatcher.on_link_up(dispatcher.add_link(0, 0, link), stage_.loop.now());
    dispatcher.add_spare_link(0, id, other_link);
    stage_.loop.on_turn_end([this] {
      if (dispatcher.take_relief()) sessions.resume_all();
      sessions.end_turn();
      sessions.keep_within(budget_);
      dispatcher.hold_replies(budget_.scarce());
    });
  }

  StagePeer& connect() { return connect_to(port_.address); }
  /// To a listener of the test's own.
  StagePeer& connect_to(const net::Address& address) {
    clients_.emplace_back(address);
    return clients_.back();
  }
  const worker::SessionContext& context() const { return context_; }
  ledger::Ledger& ledger() { return ledger_; }
  template <class Done>
  bool until(Done done) {
    return stage_.until(everybody(), done);
  }
  void turn(int beats = 20) { stage_.turn(everybody(), beats); }
  /// Turns until the server has been sent `n` requests in all.
  bool until_sent(std::size_t n) {
    return until([&] { return link.sent.size() >= n; });
  }

  /// The server replies to the n-th request that it was sent, with the body it was sent.
  void reply(std::size_t n, proto::Status status = proto::Status::ok) {
    const FakeLink::Sent sent = link.sent.at(n);
    CHECK(dispatcher.on_reply(0, sent.token, {.status = status, .service = 1ms, .body = sent.body},
                              stage_.loop.now()));
  }
  /// ... with a body that is larger than may be.
  void reply_too_large(std::size_t n) {
    dispatcher.on_reply(0, link.sent.at(n).token, {.status = proto::Status::too_large, .done = true},
                        stage_.loop.now());
  }
  /// ... with a body of so many bytes.
  void reply_with(std::size_t n, std::size_t bytes) {
    const Bytes body(bytes);
    dispatcher.on_reply(0, link.sent.at(n).token, {.service = 1ms, .body = body}, stage_.loop.now());
  }
  /// ... to all that it was sent since the last time, without a body.
  void serve() {
    for (; served_ < link.sent.size(); ++served_) {
      dispatcher.on_reply(0, link.sent[served_].token, {.service = 1ms}, stage_.loop.now());
    }
  }

  Instant now() { return stage_.loop.now(); }
  std::size_t held() const { return budget_.held(); }
  std::int64_t closed(ledger::CloseReason reason) const { return reader_.closed(reason); }
  std::int64_t total(ledger::WorkerCell cell) const { return reader_.total(cell); }
  std::int64_t rejected(proto::Status status) const { return reader_.rejected(status); }
  bool until_read(std::size_t bytes) {
    return until(
        [&] { return total(ledger::WorkerCell::client_bytes_in) >= static_cast<std::int64_t>(bytes); });
  }

 private:
  void on_accept(net::TcpStream stream, const net::Address& peer) override {
    std::unique_ptr<worker::ClientSession> session;
    if (protocol_ == Protocol::mini) {
      session = std::make_unique<worker::MiniSession>(context_, options, std::move(stream), peer);
    } else if (protocol_ == Protocol::http) {
      session = std::make_unique<worker::HttpSession>(context_, options, std::move(stream), peer);
    } else {
      session = std::make_unique<worker::FrameSession>(context_, options, std::move(stream), peer);
    }
    sessions.add(std::move(session));
  }
  void on_accept_error(int) override { FAIL("accept failed"); }
  std::vector<StagePeer*> everybody() {
    std::vector<StagePeer*> all;
    for (StagePeer& client : clients_) all.push_back(&client);
    return all;
  }

  Protocol protocol_;
  std::size_t max_buffered_;
  Nanos budget_patience_;
  CostModel cost_ = CostModel::seed(1ms);
  ledger::Ledger ledger_ = std::get<ledger::Ledger>(ledger::Ledger::create({1, 4}));
  ledger::WorkerBooks books_{ledger_, 0};
  ledger::WorkerMetrics metrics_{ledger_, 0};
  ledger::MetricsReader reader_{ledger_};
  Port port_;
  LoopStage stage_;

 public:
  worker::ByteBudget::Share share;
  worker::ListenerOptions options;
  FakeLink link, other_link;  // the other one is given nothing
  worker::SessionTable sessions{metrics_};
  worker::Dispatcher dispatcher{books_, metrics_, sessions};

 private:
  worker::ByteBudget budget_{stage_.loop, dispatcher, max_buffered_, budget_patience_};
  worker::SessionContext context_{stage_.loop, dispatcher, sessions, metrics_, budget_};
  net::TcpListener listener_{stage_.loop, port_.fd, *this};
  std::deque<StagePeer> clients_;  // last: their ends are closed first
  std::size_t served_ = 0;
};

}  // namespace finishline::test
