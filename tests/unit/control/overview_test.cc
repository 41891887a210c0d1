#include "lb/control/overview.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lb/control/live_page.h"
#include "lb/control/samples.h"

using namespace finishline;
using namespace finishline::control;
using namespace std::chrono_literals;

namespace {

/// One pool of two servers, which have served `served` requests each, and worked for them.
Snapshot snapshot(Instant at, std::int64_t served) {
  Snapshot all;
  all.taken_at = at;
  all.request_types = {"video"};
  all.received = {served * 2};
  all.answered = {ByStatus{}};
  all.answered[0][0] = served * 2;
  all.abandoned = {0};
  for (ledger::ServerId id = 0; id < 2; ++id) {
    ServerSnapshot server;
    server.id = id;
    server.name = "video-" + std::to_string(id + 1);
    server.state = ledger::ServerState::up;
    server.served = {served};
    server.counters[static_cast<std::size_t>(ledger::ServerCell::service_us)] = served * 1000 * (id + 1);
    server.finish = 40ms * (id + 1);
    all.servers.push_back(server);
  }
  all.pools = {{.name = "media", .policy = "makespan", .chosen = "makespan", .file = "makespan"}};
  return all;
}

Inventory one_pool() {
  Inventory all;
  all.request_types = {"video"};
  all.cost = CostModel(10ms);
  all.cost.set_factor(all.cost.add_server_type("video"), all.cost.add_request_type("video", 'V'), 2);
  all.server_types = {"video"};
  all.pools = {{.name = "media", .late = true, .servers = {0, 1}}};
  all.servers = {{.pool = "media"}, {.pool = "media"}};
  return all;
}

Demands demands() {
  ledger::DemandSum sum;
  sum.waiting = {7};
  sum.counts = {3};
  return {sum};
}

}  // namespace

TEST_CASE("rates are of the time between two looks") {
  const Snapshot before = snapshot(Instant(1h), 100), now = snapshot(Instant(1h + 2s), 300);
  const Overview all = overview_of(before, now, one_pool(), demands());
  CHECK(all.request_rate == 200);
  CHECK(all.types.at(0).rate == 200);
  CHECK(all.types.at(0).share == 1);
  CHECK(all.servers.at(0).rate == 100);
  CHECK(all.servers.at(0).busy.value() == doctest::Approx(0.1));
  CHECK(all.servers.at(1).busy.value() == doctest::Approx(0.2));
  CHECK(all.servers.at(1).finish == doctest::Approx(0.08));
  CHECK(all.pools.at(0).rate == 200);
  CHECK(all.pools.at(0).imbalance->spread() == doctest::Approx(0.1));
  CHECK(all.error_rate == 0);
}

TEST_CASE("what is turned away at once has come, too: there are never more errors than requests") {
  const Snapshot before = snapshot(Instant(1h), 100);
  Snapshot now = snapshot(Instant(1h + 1s), 110);
  now.rejected[static_cast<std::size_t>(proto::Status::overloaded)] = 80;
  const Overview all = overview_of(before, now, one_pool(), demands());
  CHECK(all.error_rate == 80);
  CHECK(all.request_rate == 100);
  CHECK(all.types.at(0).share == 1);
}

TEST_CASE("what was learned is told of each server, and of the type as a mean with its ends") {
  Snapshot now = snapshot(Instant(1h), 100);
  now.servers[0].costs = {
      {.declared = 2e7, .learned = 3e6, .sd = 0.1, .samples = 30, .updated_at = Instant(1h - 4s)}};
  now.servers[1].costs = {
      {.declared = 2e7, .learned = 1e6, .sd = 0.2, .samples = 10, .updated_at = Instant(1h - 2s)}};
  const Inventory inventory = one_pool();
  const Overview all = overview_of(now, now, inventory, demands());
  const auto page = nlohmann::json::parse(to_text(live_page(all, now, inventory, history::Timeline(""))));
  const auto& cost = page["pools"][0]["costs"][0];
  CHECK(cost["learned_s"].get<double>() == doctest::Approx(0.0025));
  CHECK(cost["learned_least_s"].get<double>() == doctest::Approx(0.001));
  CHECK(cost["learned_most_s"].get<double>() == doctest::Approx(0.003));
  CHECK(cost["samples"] == 40);
  CHECK(cost["servers"][1]["name"] == "video-2");
  CHECK(cost["servers"][1]["learned_s"].get<double>() == doctest::Approx(0.001));
  CHECK(cost["servers"][0]["age_s"].get<double>() == doctest::Approx(4));
}

TEST_CASE("the first look knows no rates") {
  const Snapshot now = snapshot(Instant(1h), 100);
  const Overview all = overview_of(now, now, one_pool(), demands());
  CHECK(all.request_rate == 0);
  CHECK(all.interval == 0);
}

TEST_CASE("what waits is told in requests, and in work on the server that does it fastest") {
  const Snapshot now = snapshot(Instant(1h), 100);
  const Overview all = overview_of(now, now, one_pool(), demands());
  CHECK(all.queues.at(0).count == 3);
  CHECK(all.queues.at(0).work == doctest::Approx(0.14));
  CHECK(all.pools.at(0).waiting == 3);
  CHECK(all.types.at(0).waiting == 3);
}

TEST_CASE("a listener tells connections open, and those accepted and refused per second") {
  Snapshot before = snapshot(Instant(1h), 100), now = snapshot(Instant(1h + 2s), 100);
  before.listeners = {{"media", ledger::ListenerTotals{.accepted = 10, .refused = 1, .open = 3}}};
  now.listeners = {{"media", ledger::ListenerTotals{.accepted = 20, .refused = 3, .open = 5}}};
  Inventory inventory = one_pool();
  inventory.listeners = {{"media", "frame", "media", "127.0.0.1:8000", {}},
                         {"new", "frame", "media", "127.0.0.1:1", {}}};
  const Overview all = overview_of(before, now, inventory, demands());
  const auto page =
      nlohmann::json::parse(to_text(live_page(all, now, inventory, history::Timeline(""))))["listeners"];
  CHECK(page[0]["open"] == 5);
  CHECK(page[0]["rate"] == 5);
  CHECK(page[0]["refused_rate"] == 1);
  CHECK(page[0]["accepted"] == 20);
  CHECK(page[1]["open"].is_null());
  const history::SeriesSample sample = sample_of(all, now, before);
  CHECK(std::ranges::find(sample.values, std::pair<std::string, double>{"listener.media.open", 5}) !=
        sample.values.end());
}

TEST_CASE("traffic is told by listener and by protocol: requests, and bytes of streams") {
  Snapshot before = snapshot(Instant(1h), 100), now = snapshot(Instant(1h + 2s), 100);
  before.listeners = {{"a", ledger::ListenerTotals{.accepted = 1, .requests = 100}},
                      {"b", ledger::ListenerTotals{.requests = 50}},
                      {"c", ledger::ListenerTotals{.stream_bytes_in = 5}}};
  now.listeners = {{"a", ledger::ListenerTotals{.accepted = 3, .open = 2, .requests = 300}},
                   {"b", ledger::ListenerTotals{.open = 1, .requests = 60}},
                   {"c", ledger::ListenerTotals{.stream_bytes_in = 25, .stream_bytes_out = 400}}};
  Inventory inventory = one_pool();
  inventory.listeners = {
      {"a", "mini", "media", "", {}}, {"b", "mini", "media", "", {}}, {"c", "stream", "media", "", {}}};
  const Overview all = overview_of(before, now, inventory, demands());
  const auto page = nlohmann::json::parse(to_text(live_page(all, now, inventory, history::Timeline(""))));
  CHECK(page["listeners"][0]["requests_rate"] == 100);
  CHECK(page["listeners"][1]["requests_rate"] == 5);
  CHECK(page["listeners"][2]["bytes_in_rate"] == 10);
  CHECK(page["listeners"][2]["bytes_out"] == 400);
  REQUIRE(page["protocols"].size() == 2);
  CHECK(page["protocols"][0] == nlohmann::json{{"name", "mini"},
                                               {"open", 3},
                                               {"rate", 1.0},
                                               {"requests_rate", 105.0},
                                               {"bytes_in_rate", 0.0},
                                               {"bytes_out_rate", 0.0}});
  CHECK(page["protocols"][1]["bytes_out_rate"] == 200);
  const history::SeriesSample sample = sample_of(all, now, before);
  CHECK(std::ranges::find(sample.values, std::pair<std::string, double>{"protocol.mini.requests", 105}) !=
        sample.values.end());
  const auto brought = std::ranges::count_if(sample.values, [](const auto& it) {
    return it.first.starts_with("listener.") || it.first.starts_with("protocol.");
  });
  const history::Subjects none{.servers = 1, .types = 1},
      three{.servers = 1, .types = 1, .listeners = 3, .protocols = 2};
  CHECK(history::series_of(three) - history::series_of(none) == static_cast<std::uint64_t>(brought));
  CHECK(history::bytes_of(three) - history::bytes_of(none) ==
        static_cast<std::uint64_t>(brought * history::bytes_per_series()));
}

TEST_CASE("a sentence says when all work is done, and who takes none") {
  Snapshot now = snapshot(Instant(1h), 100);
  CHECK(overview_of(now, now, one_pool(), {}).sentence == "all work that is known is done in 80.00 ms");
  CHECK(overview_of(now, now, one_pool(), demands()).sentence ==
        "all work that is known is done in 130.0 ms at best");  // 120 ms owed and 140 ms that wait, on two
  now.servers[1].state = ledger::ServerState::down;
  CHECK(overview_of(now, now, one_pool(), {}).sentence ==
        "all work that is known is done in 80.00 ms; 1 of 2 servers takes no work");
  for (ServerSnapshot& server : now.servers) server.finish = 0ns;
  now.servers[1].state = ledger::ServerState::up;
  CHECK(overview_of(now, now, one_pool(), {}).sentence == "nothing to do");
}

TEST_CASE("there is something to do where requests are served, streams are open or nobody takes work") {
  Snapshot before = snapshot(Instant(1h), 100), now = snapshot(Instant(1h + 1s), 150);
  for (ServerSnapshot& server : now.servers) server.finish = 0ns;
  const auto sentence = [&] { return overview_of(before, now, one_pool(), {}).sentence; };
  CHECK(sentence() == "100.0 requests/s, each done at once");
  now = before;
  now.taken_at = Instant(1h + 1s);
  for (ServerSnapshot& server : now.servers) server.finish = 0ns;
  now.pools[0].streams_open = 3;
  CHECK(sentence() == "3 streams are open");
  for (ServerSnapshot& server : now.servers) server.state = ledger::ServerState::down;
  CHECK(sentence() == "no server takes work; 3 streams are open");
  now.pools[0].streams_open = 0;
  now.rejected[static_cast<std::size_t>(proto::Status::overloaded)] = 80;
  CHECK(sentence() == "no server takes work; 80.00 requests/s fail");
}

TEST_CASE("an overview is told as JSON in which nothing is not a number") {
  const Snapshot now = snapshot(Instant(1h), 100);
  const Inventory inventory = one_pool();
  const auto page = nlohmann::json::parse(
      to_text(live_page(overview_of(now, now, inventory, demands()), now, inventory, history::Timeline(""))));
  CHECK(page["latency"]["total"]["p99"].is_null());
  CHECK(page["pools"][0]["binding"] == "late");
  CHECK(page["pools"][0]["costs"][0]["declared_s"] == doctest::Approx(0.02));
  CHECK(page["servers"][1]["finish_s"] == doctest::Approx(0.08));
  CHECK(page["waiting"][0]["count"] == 3);
  CHECK(page["servers"][0]["admin"] == "ready");
}

TEST_CASE("how near a pool comes to the possible best is told by page, sentence and history") {
  Snapshot now = snapshot(Instant(1h), 100);
  const Inventory inventory = one_pool();
  now.pools[0].performance =
      PoolPerformance{.window = 1.01,
                      .busy = 1.034,
                      .idle_share = 0.02,
                      .span = 60,
                      .shadows = {{.policy = "round-robin", .ratio = 1.9, .regret = {}}},
                      .shadow_requests = 300};
  const Overview all = overview_of(now, now, inventory, demands());
  CHECK(all.sentence == "all work that is known is done in 130.0 ms at best; 1.03 x the possible best");
  const auto pool =
      nlohmann::json::parse(to_text(live_page(all, now, inventory, history::Timeline(""))))["pools"][0];
  CHECK(pool["ratio"]["busy"] == doctest::Approx(1.034));
  CHECK(pool["idle_share"] == doctest::Approx(0.02));
  CHECK(pool["shadows"][0]["policy"] == "round-robin");
  CHECK(pool["shadows"][0]["regret"].is_null());
  CHECK(pool["shadows_of"]["requests"] == 300);
  const history::SeriesSample sample = sample_of(all, now, now);
  const auto value = [&](std::string_view name) {
    const auto found = std::ranges::find(sample.values, name, &std::pair<std::string, double>::first);
    return found == sample.values.end() ? -1 : found->second;
  };
  CHECK(value("pool.media.ratio") == doctest::Approx(1.034));
  CHECK(value("ratio") == doctest::Approx(1.034));
  CHECK(value("idle") == doctest::Approx(0.02));
}

TEST_CASE("a pool of which nothing is known has no ratio, no shadow, and no series of them") {
  const Snapshot now = snapshot(Instant(1h), 100);
  const Inventory inventory = one_pool();
  const Overview all = overview_of(now, now, inventory, demands());
  const auto pool =
      nlohmann::json::parse(to_text(live_page(all, now, inventory, history::Timeline(""))))["pools"][0];
  CHECK(pool["ratio"]["busy"].is_null());
  CHECK(pool["idle_share"].is_null());
  CHECK(pool["shadows"].empty());
  for (const auto& [name, number] : sample_of(all, now, now).values)
    CHECK(name.find("ratio") == std::string::npos);
}

TEST_CASE("history keeps the numbers of an overview by their names") {
  const Snapshot before = snapshot(Instant(1h), 100), now = snapshot(Instant(1h + 1s), 300);
  const history::SeriesSample sample =
      sample_of(overview_of(before, now, one_pool(), demands()), now, before);
  const auto value = [&](std::string_view name) {
    for (const auto& [key, it] : sample.values)
      if (key == name) return it;
    return -1.0;
  };
  CHECK(value("requests") == 400);
  CHECK(value("server.video-1.rate") == 200);
  CHECK(value("pool.media.waiting") == 3);
  CHECK(sample.histograms.empty());
}
