// One listener of streams of one worker on a stage: sessions, pool and ledger are real; clients and servers
// are sockets that move between the turns of the loop. Servers listen, and accept when the test says so.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "lb/worker/byte_budget.h"
#include "lb/worker/session_table.h"
#include "lb/worker/stream_session.h"
#include "tests/support/dispatch_desk.h"
#include "tests/support/loop_stage.h"

namespace finishline::test {

struct StreamServerPlan {
  bool listens = true;
  std::uint32_t max_connections = 0;
  double capacity = 100;
  config::SendProxy send_proxy = config::SendProxy::off;
  net::TcpTimeouts tcp_timeouts{};
  std::vector<net::Address> sources{};
};

/// Runs the test that asks once for each way in which long stretches may be moved.
inline config::Bulk each_way() {
  config::Bulk way = config::Bulk::copy;
  SUBCASE("copied") {}
  SUBCASE("spliced") { way = config::Bulk::splice; }
  SUBCASE("as is measured, now this way and now that") { way = config::Bulk::automatic; }
  return way;
}

class StreamStage : private net::TcpListener::Events {
 public:
  explicit StreamStage(config::Bulk way) : StreamStage({{}}, {.bulk = way}) {}
  explicit StreamStage(const std::vector<StreamServerPlan>& plans = {{}},
                       worker::StreamPool::Options pool = {}, const std::string& policy = "round-robin") {
    ::signal(SIGPIPE, SIG_IGN);  // as in every process of ours
    std::vector<worker::Member> members;
    std::vector<worker::StreamPool::Server> servers;
    for (const StreamServerPlan& plan : plans) {
      const std::string name = "server-" + std::to_string(members.size());
      const ledger::ServerId id = *ledger.ensure_server(name, 1);
      ledger.set_kind(id, ledger::ServerKind::streams);
      members.push_back({.id = id,
                         .spec = {id, name, 0, 1.0, 1},
                         .capacity = plan.capacity,
                         .max_connections = plan.max_connections});
      servers.push_back({.id = id,
                         .address = server_ports_.emplace_back().address,
                         .sources = net::SourceAddresses(plan.sources),
                         .send_proxy = plan.send_proxy,
                         .tcp_timeouts = plan.tcp_timeouts});
      if (!plan.listens) server_ports_.back().stop();
    }
    dispatcher_.add_pool(worker::RequestPool({.name = "streams", .policy = policy, .streams = true}, members,
                                             cost_, books, metrics_, 1));
    streams.emplace(worker::StreamPool::Context{dispatcher_, ledger, books, metrics_, 0, bells, &mover}, 0);
    streams->renew(pool, servers);
    options.name = "test";
    options.streams = &*streams;
    stage_.loop.on_turn_end([this] { sessions.end_turn(); });
  }

  /// The proxy's.
  const net::Address& address() const { return port_.address; }
  const net::Address& server_address(std::size_t server = 0) const { return server_ports_[server].address; }
  /// A client; connected to the proxy at once, to a server some turns later.
  StagePeer& connect() { return peers_.emplace_back(port_.address); }
  /// The next connection that reached this server; fails when none does.
  StagePeer& accept(std::size_t server = 0) {
    int fd = -1;
    REQUIRE(until([&] { return (fd = server_ports_[server].accept()) >= 0; }));
    return peers_.emplace_back(fd);
  }
  /// From now on connections to this server hang, as with one that has stopped.
  void stop_accepting(std::size_t server) {
    REQUIRE(::listen(server_ports_[server].fd, 0) == 0);
    peers_.emplace_back(server_ports_[server].address);  // all that fits
  }
  /// A server that did not listen does.
  void start_listening(std::size_t server) { server_ports_[server].start(); }
  bool nobody_came(std::size_t server = 0) {
    turn();
    const int fd = server_ports_[server].accept();
    if (fd >= 0) ::close(fd);
    return fd < 0;
  }

  template <class Done>
  bool until(Done done) {
    return stage_.until(everybody(), done);
  }
  void turn() { stage_.turn(everybody()); }
  /// Turns until no session is left.
  bool until_quiet() {
    return until([&] { return sessions.size() == 0; });
  }
  void check_time_after(Nanos span) { sessions.check_time(stage_.loop.now() + span); }
  Instant now() { return stage_.loop.now(); }

  std::int64_t closed(ledger::CloseReason reason) const { return reader_.closed(reason); }
  std::int64_t total(ledger::WorkerCell cell) const { return reader_.total(cell); }
  std::int64_t total(ledger::ServerId server, ledger::ServerCell cell) const {
    return reader_.total(server, cell);
  }
  double load(ledger::ServerId server = 0) const { return ledger::percent(ledger.books(server).owed); }
  std::uint32_t open(ledger::ServerId server = 0) const { return ledger.books(server).in_flight; }

 private:
  struct ServerPort : Port {
    void stop() {
      ::close(fd);
      fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    void start() {
      ::close(fd);
      fd = std::get<int>(net::open_listener(address));
    }
    int accept() const { return ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC); }
  };

  void on_accept(net::TcpStream stream, const net::Address& peer) override {
    sessions.add(std::make_unique<worker::StreamSession>(context_, options, std::move(stream), peer));
  }
  void on_accept_error(int) override { FAIL("accept failed"); }
  std::vector<StagePeer*> everybody() {
    std::vector<StagePeer*> all;
    for (StagePeer& peer : peers_) all.push_back(&peer);
    return all;
  }

  CostModel cost_ = CostModel::seed(1ms);
  std::deque<ServerPort> server_ports_;
  Port port_;
  LoopStage stage_;

 public:
  worker::BulkMover mover{stage_.loop};
  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({2, 16}));
  ledger::WorkerBooks books{ledger, 0};
  process::Doorbells bells{2};

 private:
  ledger::WorkerMetrics metrics_{ledger, 0};
  ledger::MetricsReader reader_{ledger};

 public:
  worker::ListenerOptions options;
  worker::SessionTable sessions{metrics_};
  std::optional<worker::StreamPool> streams;

 private:
  worker::Dispatcher dispatcher_{books, metrics_, sessions};

 public:
  worker::ByteBudget budget{stage_.loop, dispatcher_, std::size_t{256} << 20};

 private:
  worker::SessionContext context_{stage_.loop, dispatcher_, sessions, metrics_, budget};
  net::TcpListener listener_{stage_.loop, port_.fd, *this};
  std::deque<StagePeer> peers_;  // last: their ends are closed first
};

}  // namespace finishline::test
