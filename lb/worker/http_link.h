// The connections of one worker to one server that speaks HTTP: a POST for each request, one at a time on
// each of at most `slots` connections, which all workers share; what is more waits here. Connections are
// opened as they are needed and kept for as long as the server keeps them and no other worker wants one: who
// has nothing to send parts with them at once, who has, after a while. Worker process.
//
// The link is up once a connection could be made, and down when one could not: then everything on it is lost,
// and it tries again, later and later. A connection that ends with a request on it loses that one alone. One
// whose request is cancelled is closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lb/ledger/metrics.h"
#include "lb/ledger/slot_leases.h"
#include "lb/net/backoff.h"
#include "lb/net/loop.h"
#include "lb/net/source_addresses.h"
#include "lb/net/timer.h"
#include "lb/sched/random.h"
#include "lb/tls/client_context.h"
#include "lb/worker/dispatcher.h"
#include "lb/worker/http_connection.h"
#include "lb/worker/large_replies.h"
#include "lb/worker/roster_link.h"
#include "lb/worker/scaled_port.h"

namespace finishline::worker {

class HttpLink final : public RosterLink, private HttpConnection::Owner {
 public:
  struct Options {
    std::string server;  // name, for the log
    net::Address address;
    net::SourceAddresses sources{};
    std::string host;                                 // of the Host header
    std::string path = "/{type}";                     // {type}, {length} and {id} are replaced
    std::uint32_t slots = 1;                          // of all workers
    std::uint32_t max_body = proto::kDefaultMaxBody;  // of replies
    std::uint32_t max_buffer = 1U << 20;              // bytes that wait here, above which it is given no more
    net::TcpTimeouts tcp_timeouts{};
    ledger::ServerId server_id = 0;
    const tls::ClientContext* tls = nullptr;  // none: without TLS
    Nanos connect_timeout = 5s;               // TLS handshake included
    const CostModel* cost = nullptr;          // for the names of types; outlives the link
    ledger::Ledger* ledger = nullptr;         // never nullptr; outlives the link, as does the caller
    ledger::WorkerId worker = 0;              // this one
    bool scaled = false;                      // then the ledger tells the port, not `address`
    WorkerCaller* caller = nullptr;           // reaches the other workers; nullptr: there are none
  };

  /// Registers itself with the dispatcher as a spare link of this pool; `tried` is called once, after the
  /// first attempt to connect has succeeded or failed. Everything borrowed outlives the link.
  HttpLink(net::Loop& loop, Dispatcher& dispatcher, ledger::WorkerMetrics& metrics, std::size_t pool,
           Options options, std::uint64_t seed, std::function<void()> tried);
  ~HttpLink() override;
  HttpLink(const HttpLink&) = delete;
  HttpLink& operator=(const HttpLink&) = delete;

  void connect() override;
  bool look_at_place() override;
  LinkId id() const override { return id_; }
  ledger::ServerId server_id() const override { return options_.server_id; }

  void send(Token token, const Request& request) override;
  void cancel(Token token) override;
  std::optional<Token> unsent() const override;
  void take_back(Token token) override;
  void give_up(std::string_view why) override { lose(std::string(why)); }
  std::size_t half_reply() const override;
  void allow_reading(bool yes) override;

 private:
  struct Waiting {
    Token token;
    std::string head;
    std::string body;
    std::size_t size() const { return head.size() + body.size(); }
  };
  static constexpr Nanos kWatch = 1s;
  static constexpr Nanos kIdle =
      4s;  // servers close idle connections from 5 s on: who closes first does not race
  static constexpr Nanos kTurn =
      20ms;  // who is busy keeps a connection so long when another worker wants one
  static constexpr Nanos kAskAgain = 5ms;  // for a connection of those that there may be

  void on_open() override;
  void on_reply(Token token, const http::ReplyReader& reply, Nanos took) override;
  void on_lost(Token token, const std::string& why) override;
  void on_too_large(Token token) override;
  void on_failed(const std::string& why) override;
  void on_change() override { serve(); }

  std::string head_of(Token token, const Request& request) const;
  std::string target_of(Token token, const Request& request) const;
  void serve();
  void cancel_all();
  void withdraw(Token token);
  bool forget(Token token);
  void start_next(HttpConnection& connection);
  HttpConnection* first(HttpConnection::State state) const;
  std::size_t count(HttpConnection::State state) const;
  void open(HttpConnection& connection);
  void open_more();
  void give_way();
  void give_back();
  void keep_or_close_probe();
  void wait_for_slot(bool asked);
  void call(const std::vector<ledger::SlotLeases::Other>& workers);
  void account();
  void watch();
  void lose(const std::string& why);
  void complain(const std::string& why);
  void report_first_try();

  net::Loop& loop_;
  Dispatcher& dispatcher_;
  ledger::WorkerMetrics& metrics_;
  Options options_;
  LinkId id_;
  ledger::SlotLeases leases_;
  HttpConnection* probe_ = nullptr;  // is opened beyond those, to see whether anybody is there
  Instant may_take_at_{};            // has given way to another worker
  ScaledPort place_;
  bool up_ = false;
  bool full_ = false;
  bool losing_ = false;
  std::vector<std::unique_ptr<HttpConnection>> connections_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t counted_ = 0;  // bytes held here, as the dispatcher knows
  net::Timer reconnect_;
  net::Timer watch_;  // closes connections that are idle for long
  net::Timer cancelling_;
  net::Timer ask_again_;
  std::vector<Token> cancelled_;  // nobody waits for them any more
  net::Backoff backoff_{50ms, 2s};
  sched::Random random_;
  std::function<void()> tried_;
  std::string last_complaint_;
  LargeReplies large_replies_;
};

}  // namespace finishline::worker
