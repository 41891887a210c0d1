// The rule over real sockets: what the proxy decides is what the policy says, to the request.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "lb/sched/policies.h"
#include "lb/sim/simulation.h"
#include "lb/sim/virtual_books.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// Three servers of distinct speeds, so that no two are ever equally good.
struct Speedy {
  const char* name;
  const char* type;
  double speed;
};
constexpr std::array<Speedy, 3> kServers{
    {{"video-1", "video", 1.0}, {"video-2", "video", 1.37}, {"music-1", "music", 0.83}}};

SetUp distinct_servers(Played played, const std::string& unit) {
  SetUp set_up{.servers = {}, .unit = unit, .proxy_keys = "seed = 7\n"};
  set_up.pool_keys += "binding = \"early\"\n";
  for (const Speedy& server : kServers) {
    const std::string speed = std::to_string(server.speed);
    set_up.servers.push_back({.name = server.name,
                              .type = server.type,
                              .flags = {"--speed", speed},
                              .keys = "speed = " + speed + "\n",
                              .played = played});
  }
  return set_up;
}

std::vector<ServerSpec> specs_in(const CostModel& cost) {
  std::vector<ServerSpec> specs;
  for (const Speedy& server : kServers) {
    specs.push_back({.number = static_cast<std::uint32_t>(specs.size()),
                     .name = server.name,
                     .type = *cost.server_type_named(server.type),
                     .speed = server.speed});
  }
  return specs;
}

std::unique_ptr<sched::Policy> makespan_policy() { return sched::find_policy("makespan")->make({}); }

/// The servers' side of one link each, played by the test.
class Cast {
 public:
  explicit Cast(const ProxyUnderTest& proxy) {
    for (const Speedy& server : kServers) hosts_.emplace_back(proxy.server_port(server.name));
    for (TcpHost& host : hosts_) links_.push_back(host.accept());
  }
  TcpPeer& operator[](std::size_t server) { return links_[server]; }

 private:
  std::deque<TcpHost> hosts_;
  std::vector<TcpPeer> links_;
};

/// What the books should say, moved along with what the test does. A unit is a second of work, so that the
/// milliseconds that pass between the proxy's look at its clock and ours decide nothing.
class Prediction {
 public:
  /// The server for this request, or nothing when a shift of any finish time by `kDoubt` would change it.
  std::optional<std::size_t> of(RequestType type, std::uint32_t length) {
    const Instant now = std::chrono::steady_clock::now();
    const sched::PoolView view = books_.view(type, now);
    const sched::Job job{type, length, 0};
    const auto choice = policy_->pick(view, job, chance_);
    for (int shift = 0; shift < 27; ++shift) {
      if (policy_->pick(shifted(view, shift), job, chance_) != choice) return std::nullopt;
    }
    return choice;
  }
  Nanos book(std::size_t server, RequestType type, std::uint32_t length) {
    const Instant now = std::chrono::steady_clock::now();
    const Nanos service{books_.view(type, now).service(server, {type, length, 0})};
    books_.reserve(server, service, now);
    return service;
  }
  void settle(std::size_t server, Nanos service, Nanos backlog) {
    books_.settle(server, {.booked = service, .actual = service, .backlog = backlog, .response = service},
                  std::chrono::steady_clock::now());
  }

  CostModel cost = CostModel::seed(1s);

 private:
  static constexpr std::int64_t kDoubt = 100'000'000;

  /// The three digits of `shift` to the base three move the three finish times back, not at all, or on.
  sched::PoolView shifted(const sched::PoolView& view, int shift) {
    for (std::size_t server = 0; server < kServers.size(); ++server, shift /= 3) {
      const std::int64_t now = view.now.time_since_epoch().count();
      finish_[server] = std::max(now, view.finish[server] + (shift % 3 - 1) * kDoubt);
    }
    sched::PoolView moved = view;
    moved.finish = finish_;
    return moved;
  }

  sim::VirtualBooks books_{cost, specs_in(cost)};
  std::unique_ptr<sched::Policy> policy_ = makespan_policy();
  sched::Random chance_{1};
  std::array<std::int64_t, kServers.size()> finish_{};
};

/// A request that a played server holds.
struct Held {
  proto::FrameHeader header;
  Nanos service;
  std::uint64_t client_id;
};

/// Client, servers and prediction in step with each other.
class Conversation {
 public:
  Conversation() : proxy_(distinct_servers(Played::by_nobody, "1s")), cast_(proxy_) {
    REQUIRE(proxy_.wait_for_log(" link_up ", kServers.size()));
    client_.emplace(proxy_.connect());
  }

  /// Sends one whose server is beyond doubt; the server predicted has to receive it.
  void ask(std::mt19937& random) {
    const auto type = static_cast<RequestType>(random() % 3);
    const auto length = static_cast<std::uint32_t>(1 + random() % 9);
    const auto server = expected_.of(type, length);
    if (!server) return;
    ++asked_;
    const char code = expected_.cost.request_types()[type].code;
    REQUIRE(client_->send_frame({.type = code, .id = asked_, .length = length}));
    const auto request = cast_[*server].read_frame();
    REQUIRE_MESSAGE(request, "request ", asked_, " (", code, length, ") did not come to ",
                    kServers[*server].name);
    CHECK(request->header.length == length);
    held_[*server].push_back({request->header, expected_.book(*server, type, length), asked_});
  }

  /// A server that has work finishes what it began first; it may say how much it has left.
  void reply(std::mt19937& random) {
    const std::size_t server = random() % kServers.size();
    if (!held_[server].empty()) reply_by(server, random() % 2 == 0);
  }

  void finish() {
    for (std::size_t server = 0; server < kServers.size(); ++server) {
      while (!held_[server].empty()) reply_by(server, true);
    }
    CHECK(unrest_at_the_end(proxy_) == "");
  }

  std::uint64_t asked() const { return asked_; }

 private:
  void reply_by(std::size_t server, bool tells_backlog) {
    const Held done = held_[server].front();
    held_[server].pop_front();
    Nanos left{};
    for (const Held& other : held_[server]) left += other.service;
    const Nanos backlog = tells_backlog ? left : 0ns;
    proto::FrameHeader header = done.header;
    header.kind = proto::Kind::reply;
    header.detail = 0;
    header.service_us = to_wire_us(done.service);
    header.origin = to_wire_us(backlog);
    REQUIRE(cast_[server].send_frame(header));
    const auto answer = client_->read_frame();
    REQUIRE(answer);
    CHECK(answer->header.id == done.client_id);
    CHECK(answer->header.origin == server);
    expected_.settle(server, done.service, backlog);
  }

  ProxyUnderTest proxy_;
  Cast cast_;
  std::optional<TcpPeer> client_;
  Prediction expected_;
  std::array<std::deque<Held>, kServers.size()> held_;
  std::uint64_t asked_ = 0;
};

/// The lines of a file behind its first, cut at commas.
std::vector<std::vector<std::string>> rows_of(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
  }
  return rows;
}

/// The server of every request, by its number in the plan.
std::vector<std::string> servers_by_number(const std::string& replies_csv) {
  const auto rows = rows_of(replies_csv);
  std::vector<std::string> servers(rows.size());
  for (const auto& row : rows) servers.at(std::stoul(row.at(0))) = row.at(6);
  return servers;
}

}  // namespace

TEST_CASE("one request at a time goes where the rule says, with servers busy, late and idle again") {
  Conversation conversation;
  std::mt19937 random(20240613);
  while (conversation.asked() < 150) {
    if (random() % 100 < 55) {
      conversation.ask(random);
    } else {
      conversation.reply(random);
    }
  }
  conversation.finish();
}

TEST_CASE("a burst through the proxy is its simulation: each request on the same server, the same makespan") {
  const TempDir dir;
  ProxyUnderTest proxy(distinct_servers(Played::by_program, "10ms"));
  // One connection, so that all of the burst is there before the first server is done.
  const Outcome outcome =
      run("finishline-client", {"--connect", "127.0.0.1:" + std::to_string(proxy.port()), "--requests", "60",
                                "--arrivals", "burst", "--concurrency", "1", "--seed", "5", "--save-replies",
                                dir.file("replies.csv"), "--json"});
  REQUIRE(outcome.exit == Exit{0, 0});

  sim::Scenario scenario{.cost = CostModel::seed(10ms), .servers = {}, .traffic = {}, .trace = {}};
  scenario.servers = specs_in(scenario.cost);
  scenario.traffic.weights = {1, 1, 1};
  scenario.traffic.arrivals = model::Arrivals::burst;
  scenario.traffic.requests = 60;
  const sim::Result simulated = sim::run_simulation(scenario, *sched::find_policy("makespan"), {}, 5);

  const auto servers = servers_by_number(dir.read("replies.csv"));
  REQUIRE(servers.size() == simulated.assignments.size());
  for (std::size_t i = 0; i < servers.size(); ++i) {
    CAPTURE(i);
    CHECK(servers[i] == kServers[*simulated.assignments[i].server].name);
  }
  // The servers' timers never fire early; one of them late moves the end of 1 s of work by much less than a
  // tenth even on a machine that is busy otherwise.
  const double ratio = nlohmann::json::parse(outcome.output).at("ratio");
  CHECK(ratio >= simulated.ratio() - 0.001);
  CHECK(ratio <= simulated.ratio() * 1.10);
  CHECK(unrest_at_the_end(proxy) == "");
}

namespace {

/// Several servers of one type played by the test, each with a link to every worker.
class Row {
 public:
  static constexpr std::size_t kSize = 6;
  static constexpr std::uint32_t kWorkers = 2;

  static SetUp set_up() {
    SetUp set_up{.servers = {}, .workers = kWorkers, .unit = "1s"};
    set_up.pool_keys += "binding = \"early\"\n";
    for (std::size_t i = 0; i < kSize; ++i)
      set_up.servers.push_back({.name = name(i), .played = Played::by_nobody});
    return set_up;
  }
  explicit Row(const ProxyUnderTest& proxy) {
    for (std::size_t i = 0; i < kSize; ++i) hosts_.emplace_back(proxy.server_port(name(i)));
    for (TcpHost& host : hosts_) {
      for (std::uint32_t worker = 0; worker < kWorkers; ++worker) links_.push_back(host.accept());
    }
    REQUIRE(proxy.wait_for_log(" link_up ", kSize * kWorkers));
  }

  /// What has come to a server over all of its links; answers none of it.
  std::size_t collect(std::size_t server) {
    for (std::uint32_t worker = 0; worker < kWorkers; ++worker) {
      TcpPeer& link = links_[server * kWorkers + worker];
      while (!link.silent(0ns)) requests_[server].push_back({&link, link.read_frame().value().header});
    }
    return requests_[server].size();
  }
  void answer_all() {
    for (auto& requests : requests_) {
      for (auto& [link, header] : requests) {
        header.kind = proto::Kind::reply;
        REQUIRE(link->send_frame(header));
      }
      requests.clear();
    }
  }

 private:
  static std::string name(std::size_t i) { return "video-" + std::to_string(i); }

  std::deque<TcpHost> hosts_;
  std::vector<TcpPeer> links_;
  std::array<std::vector<std::pair<TcpPeer*, proto::FrameHeader>>, kSize> requests_;
};

}  // namespace

TEST_CASE("as many requests at once as servers are idle, over two workers: each server gets one") {
  ProxyUnderTest proxy(Row::set_up());
  Row row(proxy);
  std::vector<TcpPeer> clients;
  for (int i = 0; i < 24; ++i) clients.push_back(proxy.connect());
  std::vector<std::size_t> order(clients.size());
  std::iota(order.begin(), order.end(), std::size_t{0});

  std::mt19937 random(11);
  for (std::uint64_t round = 1; round <= 60; ++round) {
    CAPTURE(round);
    std::shuffle(order.begin(), order.end(), random);
    const auto asking = std::span(order).first(Row::kSize);
    for (const std::size_t client : asking)
      REQUIRE(clients[client].send_frame({.type = 'V', .id = round, .length = 5}));
    std::size_t arrived = 0;
    REQUIRE(wait_until([&] {
      arrived = 0;
      for (std::size_t server = 0; server < Row::kSize; ++server) arrived += row.collect(server);
      return arrived == Row::kSize;
    }));
    for (std::size_t server = 0; server < Row::kSize; ++server) REQUIRE(row.collect(server) == 1);
    row.answer_all();
    for (const std::size_t client : asking) REQUIRE(clients[client].read_frame());
  }
  CHECK(unrest_at_the_end(proxy) == "");
  for (const Stats::Worker& worker : stats_of(proxy).workers) CHECK(worker.requests > 0);
}
