// A dispatcher between fakes, on a real ledger: links that remember what was sent over them, clients that
// remember what they were answered. No socket; time is a member that the test moves.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "lb/worker/dispatcher.h"
#include "tests/support/frames.h"

namespace finishline::test {

class FakeLink final : public worker::LinkPort {
 public:
  struct Sent {
    worker::Token token;
    worker::Request request;  // without its body and headers, which have moved on
    Bytes body;
    std::string headers;
  };
  void send(worker::Token token, const worker::Request& request) override {
    sent.push_back(
        {token, request, {request.body.begin(), request.body.end()}, std::string(request.headers)});
    sent.back().request.body = {};
    sent.back().request.headers = {};
  }
  void cancel(worker::Token token) override { cancelled.push_back(token); }
  std::size_t most_unanswered() const override { return 1U << 20; }
  bool in_order() const override { return mini; }
  std::optional<worker::Token> unsent() const override {
    return sent.size() > on_the_way ? std::optional(sent.back().token) : std::nullopt;
  }
  void take_back(worker::Token token) override {
    std::erase_if(sent, [token](const Sent& it) { return it.token == token; });
  }
  void give_up(std::string_view why) override { given_up = why; }
  std::size_t half_reply() const override { return half; }
  void allow_reading(bool yes) override { may_read = yes; }
  bool mini = false, may_read = true;
  std::size_t half = 0;                      // bytes of a reply that is not whole
  std::size_t on_the_way = ~std::size_t{0};  // the first so many; what was sent after them lies here
  std::string given_up;                      // why it is of no more use
  std::vector<Sent> sent;
  std::vector<worker::Token> cancelled;
};

class FakeClients final : public worker::AnswerSink {
 public:
  struct Given {
    std::uint64_t tag;
    worker::Answer answer;  // without its body and headers, as above
    Bytes body;
  };
  bool answer(const worker::ReplyAddress& address, const worker::Answer& answer) override {
    if (!present) return false;
    given.push_back({address.tag, answer, {answer.body.begin(), answer.body.end()}});
    given.back().answer.body = {};
    given.back().answer.headers = {};
    return true;
  }
  bool awaited(const worker::ReplyAddress&) const override { return present; }
  void kept(const worker::ReplyAddress&, std::ptrdiff_t bytes) override { bodies += bytes; }
  bool present = true;
  std::ptrdiff_t bodies = 0;  // kept for them
  std::vector<Given> given;
};

struct ServerPlan {
  std::string name;
  std::string type = "video";
  bool mini = false;
  std::uint32_t links = 1;
  std::uint32_t slots = 1;
  sched::Distance distance{};
};

struct Ask {
  char code = 'V';
  std::uint32_t length = 1;
  bool retryable = false;
  std::uint32_t deadline_ms = 0;
  std::string body = {};
  std::uint8_t priority = 0;
  std::uint32_t session = 0;
  std::string headers = {};
};

/// One pool of one worker, every link up. Links are numbered server by server, in the order of the plan;
/// the servers' numbers are their positions. One unit of length is 1 ms.
class DispatchDesk {
 public:
  explicit DispatchDesk(const std::vector<ServerPlan>& servers,
                        worker::RequestPool::Options options = {.name = "media", .policy = "makespan"},
                        CostModel costs = CostModel::seed(1ms))
      : cost(std::move(costs)) {
    std::vector<worker::Member> members;
    for (const ServerPlan& plan : servers) {
      const ledger::ServerId id = *ledger.ensure_server(plan.name, plan.slots);
      const ServerSpec spec{id, plan.name, *cost.server_type_named(plan.type), 1.0, plan.slots};
      members.push_back({.id = id, .spec = spec, .mini = plan.mini, .distance = plan.distance});
    }
    if (options.learns_costs)
      options.orders = ledger::PoolOrders(ledger, options.row = *ledger::ensure_pool(ledger, options.name));
    dispatcher.add_pool(worker::RequestPool(std::move(options), members, cost, books, metrics, 1));
    for (std::size_t member = 0; member < servers.size(); ++member) {
      for (std::uint32_t n = 0; n < servers[member].links; ++n) {
        links.emplace_back().mini = servers[member].mini;
        dispatcher.on_link_up(dispatcher.add_link(0, member, links.back()), now);
      }
    }
  }

  void ask(std::uint64_t tag, const Ask& ask = {}) {
    const Bytes body = bytes_of(ask.body);  // dies with this call, as a reader's buffer does
    const std::string headers = ask.headers;
    dispatcher.dispatch(0,
                        {.type = *cost.request_type_of(ask.code),
                         .code = ask.code,
                         .flags = static_cast<std::uint8_t>((ask.retryable ? proto::kRetryable : 0) |
                                                            proto::priority_flags(ask.priority)),
                         .length = ask.length,
                         .deadline_ms = ask.deadline_ms,
                         .body = body,
                         .headers = headers},
                        {.session = ask.session, .tag = tag}, now);
  }
  void cancel(std::uint64_t tag) { dispatcher.cancel({.tag = tag}, now); }
  bool reply(worker::LinkId link, worker::Token token, const worker::ServerReply& reply = {}) {
    return dispatcher.on_reply(link, token, reply, now);
  }
  /// Replies to the request sent over this link as its n-th.
  bool reply_to(worker::LinkId link, std::size_t n, const worker::ServerReply& what = {}) {
    return reply(link, links[link].sent.at(n).token, what);
  }
  void lose(worker::LinkId link) { dispatcher.on_link_down(link, now); }
  void tick_after(Nanos span) {
    now += span;
    dispatcher.tick(now);
  }

  /// The statuses answered so far, in order, "ok server_lost ...".
  std::string answered() const {
    std::string text;
    for (const auto& given : clients.given) {
      if (!text.empty()) text += ' ';
      text += proto::name_of(given.answer.status);
    }
    return text;
  }
  std::int64_t sent_to(ledger::ServerId server) const {
    return reader.total(server, ledger::ServerCell::sent);
  }
  std::int64_t total(ledger::WorkerCell cell) const { return reader.total(cell); }

  /// What must hold when nothing is in flight: every request answered once, all counters add up, the
  /// ledger owes nothing and every server is idle.
  void check_quiet() const {
    CHECK(dispatcher.in_flight() == 0);
    CHECK(dispatcher.waiting() == 0);
    std::int64_t received = 0, answers = 0, timed = 0;  // timed: those whose latency is noted in any case
    for (RequestType type = 0; type < cost.request_types().size(); ++type) {
      received += reader.received(type);
      for (const proto::Status status : {proto::Status::ok, proto::Status::deadline_exceeded})
        timed += reader.answered(type, status);
      for (std::size_t status = 0; status < proto::kStatusCount; ++status) {
        answers += reader.answered(type, static_cast<proto::Status>(status));
      }
    }
    CHECK(received == answers);
    CHECK(latencies() >= static_cast<std::uint64_t>(timed));
    CHECK(latencies() <= static_cast<std::uint64_t>(answers));
    CHECK(answers ==
          static_cast<std::int64_t>(clients.given.size()) + total(ledger::WorkerCell::orphan_replies));
    CHECK(total(ledger::WorkerCell::requests_open) == 0);
    CHECK(clients.bodies == 0);
    for (ledger::ServerId server = 0; server < ledger.server_count(); ++server) check_idle(server);
  }

  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({2, 16}));
  CostModel cost;
  ledger::WorkerBooks books{ledger, 0};
  ledger::WorkerMetrics metrics{ledger, 0};
  ledger::MetricsReader reader{ledger};
  FakeClients clients;
  worker::Dispatcher dispatcher{books, metrics, clients};
  std::deque<FakeLink> links;
  Instant now = Instant(std::chrono::hours(1));

 private:
  /// Answers whose time was noted.
  std::uint64_t latencies() const {
    const ledger::LatencyReader noted(ledger);
    const ledger::PoolId pool = dispatcher.pool(0).options().row;
    std::uint64_t sum = 0;
    for (RequestType type = 0; type < cost.request_types().size(); ++type)
      sum += noted.of({ledger::Latency::request, pool, type}).count();
    return sum;
  }
  void check_idle(ledger::ServerId server) const {
    std::int64_t accounted = 0;
    for (RequestType type = 0; type < cost.request_types().size(); ++type)
      accounted += reader.served(server, type);
    for (std::size_t status = 0; status < proto::kStatusCount; ++status) {
      accounted += reader.failed(server, static_cast<proto::Status>(status));
    }
    CHECK(accounted == sent_to(server));
    CHECK(ledger.books(server).in_flight == 0);
    CHECK(ledger.books(server).owed == 0ns);
    CHECK(ledger.finish_word(server) == ledger::kIdle);
  }
};

}  // namespace finishline::test
