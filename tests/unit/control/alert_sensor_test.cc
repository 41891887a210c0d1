#include "lb/control/alert_sensor.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace finishline;
using namespace finishline::control;
using alert::AlertReading;
using alert::RuleKind;

namespace {

/// A pool of two servers, of which either can do "video" and nobody "music".
struct Scene {
  Scene() {
    inventory.request_types = {"video", "music"};
    inventory.cost = CostModel(1ms);
    const auto video = inventory.cost.add_request_type("video", 'V');
    inventory.cost.add_request_type("music", 'M');
    inventory.cost.set_factor(inventory.cost.add_server_type("video"), video, 1);
    inventory.server_types = {"video"};
    inventory.listeners = {
        {.name = "media", .mode = "frame", .pool = "media", .bind = {}, .pools = {"media"}}};
    inventory.pools = {{.name = "media", .servers = {0, 1}}};
    inventory.servers = {{.pool = "media"}, {.pool = "media"}};
    snapshot.taken_at = Instant(std::chrono::hours(1));
    for (ledger::ServerId id = 0; id < 2; ++id) {
      ServerSnapshot server;
      server.id = id;
      server.name = "video-" + std::to_string(id + 1);
      server.state = ledger::ServerState::up;
      snapshot.servers.push_back(server);
    }
    snapshot.pools = {PoolSnapshot{}};
    snapshot.pools[0].name = "media";
    snapshot.workers.resize(1);
    snapshot.workers[0].status = {.state = ledger::WorkerState::running, .starts = 1};
    overview.time = 1e9;
    overview.interval = 1;
  }

  std::optional<AlertReading> read(RuleKind kind, const std::string& subject) {
    overview.servers.clear();
    overview.pools.clear();
    for (std::size_t i = 0; i < 2; ++i)
      overview.servers.push_back({.snapshot = &snapshot.servers[i], .pool = "media", .busy = busy[i]});
    overview.pools.push_back({.snapshot = &snapshot.pools[0], .servers = {"video-1", "video-2"}});
    snapshot.taken_at += 1s;
    overview.time += 1;
    for (const AlertReading& it : sensor.read(overview, snapshot, inventory, machine, alert::default_rules()))
      if (it.kind == kind && it.subject == subject) return it;
    return std::nullopt;
  }

  Inventory inventory;
  Snapshot snapshot;
  Overview overview;
  MachineUse machine;
  double busy[2] = {0.5, 0.5};
  AlertSensor sensor;
};

}  // namespace

TEST_CASE("a server on another machine that nobody wants may be down") {
  Scene scene;
  scene.snapshot.servers[0].state = scene.snapshot.servers[1].state = ledger::ServerState::down;
  scene.snapshot.scale.emplace_back();
  scene.snapshot.scale[0].off = {"video-2"};
  CHECK(scene.read(RuleKind::server_down, "video-1")->value == 1);
  CHECK(scene.read(RuleKind::server_down, "video-2")->value == 0);
}

TEST_CASE("a server that is down is told with its reason, one that is drained is not") {
  Scene scene;
  CHECK(scene.read(RuleKind::server_down, "video-1")->value == 0);
  scene.snapshot.servers[0].state = ledger::ServerState::down;
  scene.snapshot.servers[0].reason = "connection refused";
  const auto reading = scene.read(RuleKind::server_down, "video-1");
  CHECK(reading->value == 1);
  CHECK(reading->words == "video-1 is down: connection refused");
  scene.snapshot.servers[0].state = ledger::ServerState::draining;
  CHECK(scene.read(RuleKind::server_down, "video-1")->value == 0);
}

TEST_CASE("a type without any server in service is told; one that no server could ever do is not") {
  Scene scene;
  CHECK(scene.read(RuleKind::no_server, "media:video")->value == 0);
  scene.snapshot.servers[0].state = ledger::ServerState::down;
  CHECK(scene.read(RuleKind::no_server, "media:video")->value == 0);
  scene.snapshot.servers[1].state = ledger::ServerState::draining;
  const auto reading = scene.read(RuleKind::no_server, "media:video");
  CHECK(reading->value == 1);
  CHECK(reading->words == "pool media has no server for video: video-1, video-2 take no work");
  CHECK_FALSE(scene.read(RuleKind::no_server, "media:music"));
}

TEST_CASE("a type that has no server because none is needed is not told until one is") {
  Scene scene;
  scene.snapshot.servers[0].state = scene.snapshot.servers[1].state = ledger::ServerState::absent;
  CHECK(scene.read(RuleKind::no_server, "media:video")->value == 1);
  scene.snapshot.scale.emplace_back();
  scene.snapshot.scale[0].pool = "media";
  scene.snapshot.scale[0].types = {{.type = "video", .least = 0, .most = 2}};
  CHECK(scene.read(RuleKind::no_server, "media:video")->value == 0);
  scene.snapshot.scale[0].types[0].wanted = 1;
  CHECK(scene.read(RuleKind::no_server, "media:video")->value == 1);
  scene.snapshot.scale[0].types[0] = {.type = "video", .least = 0, .most = 2, .given_up = 2};
  CHECK(scene.read(RuleKind::no_server, "media:video")->value == 1);
}

TEST_CASE("a pool that only names of TLS clients lead to is one that lacks its servers, too") {
  Scene scene;
  scene.inventory.pools[0].streams = true;
  scene.snapshot.servers[0].state = scene.snapshot.servers[1].state = ledger::ServerState::down;
  scene.inventory.listeners = {{"web", "stream", "other", "*:443", {"other"}}};
  CHECK_FALSE(scene.read(RuleKind::no_server, "media:streams"));
  scene.inventory.listeners = {{"web", "stream", "other", "*:443", {"other", "media"}}};
  CHECK(scene.read(RuleKind::no_server, "media:streams")->value == 1);
}

TEST_CASE("latency is read where there are samples") {
  Scene scene;
  scene.overview.types = {{.name = "video"}, {.name = "music"}};
  scene.overview.types[0].latency.p95 = 0.31;
  const auto reading = scene.read(RuleKind::latency_high, "video");
  CHECK(reading->value == 0.31);
  CHECK(reading->words == "video: 5 of 100 requests take longer than 310.0 ms, the limit is 200.0 ms");
  CHECK_FALSE(scene.read(RuleKind::latency_high, "music"));
}

TEST_CASE("a worker that has died is told for five minutes; one that was replaced, however fast, is not") {
  Scene scene;
  auto& status = scene.snapshot.workers[0].status;
  status.deaths = 3;  // before anybody looked
  CHECK(scene.read(RuleKind::worker_died, "workers")->value == 0);
  status.starts += 2;
  CHECK(scene.read(RuleKind::worker_died, "workers")->value == 0);
  status.deaths += 2;
  CHECK(scene.read(RuleKind::worker_died, "workers")->value == 2);
  CHECK(scene.read(RuleKind::worker_died, "workers")->value == 2);
  scene.snapshot.taken_at += std::chrono::minutes(6);
  CHECK(scene.read(RuleKind::worker_died, "workers")->value == 0);
}

TEST_CASE("work is poorly shared out when one works all the time and another has little to do") {
  Scene scene;
  scene.busy[0] = 1;
  scene.busy[1] = 0.2;
  const auto reading = scene.read(RuleKind::distribution_poor, "media");
  CHECK(reading->value == doctest::Approx(0.8));
  CHECK(reading->words == "pool media: video-1 is busy 100 % of the time, video-2 20 %");
  Scene easy;
  easy.busy[0] = 0.6;  // nobody waits for anything
  easy.busy[1] = 0;
  CHECK(easy.read(RuleKind::distribution_poor, "media")->value == 0);
  Scene down;
  down.busy[0] = 1;
  down.busy[1] = 0;
  down.snapshot.servers[1].state = ledger::ServerState::down;
  CHECK(down.read(RuleKind::distribution_poor, "media")->value == 0);
}

TEST_CASE("failures burn the budget, and the words say how many") {
  Scene scene;
  scene.overview.request_rate = 100;
  scene.overview.error_rate = 10;
  std::optional<AlertReading> reading;
  for (int second = 0; second < 90; ++second) reading = scene.read(RuleKind::errors_burning, "requests");
  CHECK(reading->value > 1);
  CHECK(reading->words.starts_with("10 % of all requests fail, "));
}

TEST_CASE("ten times the usual traffic is a spike") {
  Scene scene;
  scene.overview.request_rate = 50;
  for (int second = 0; second < 1200; ++second) scene.read(RuleKind::traffic_spike, "traffic");
  CHECK(scene.read(RuleKind::traffic_spike, "traffic")->value == doctest::Approx(1));
  scene.overview.request_rate = 500;
  std::optional<AlertReading> reading;
  for (int second = 0; second < 60; ++second) reading = scene.read(RuleKind::traffic_spike, "traffic");
  CHECK(reading->value > 5);
}

TEST_CASE("memory and disk are read where the kernel tells") {
  Scene scene;
  CHECK_FALSE(scene.read(RuleKind::memory_high, "machine"));
  scene.machine = {.memory = 0.95, .disks = {{"log", 0.5}, {"state_dir", 0.97}}};
  CHECK(scene.read(RuleKind::memory_high, "machine")->words == "95 % of this machine's memory are in use");
  CHECK(scene.read(RuleKind::disk_full, "log")->value == 0.5);
  CHECK(scene.read(RuleKind::disk_full, "state_dir")->words ==
        "97 % of the disk that the state_dir is on are full");
  CHECK(*memory_use_in("MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    250 kB\n") == 0.75);
  CHECK_FALSE(memory_use_in("MemTotal:  0 kB"));
  const MachineUse here = machine_use({{"log"}, {"state_dir", "/"}, {"access log", "/nowhere/at/all"}});
  CHECK(here.memory);
  CHECK(here.memory_bytes > 1e6);
  REQUIRE(here.disks.size() == 1);
  CHECK(here.disks[0].of == "state_dir");
}

TEST_CASE("memory is read of each process: a worker's beside its budget, others' beside the machine's") {
  Scene scene;
  scene.machine = {.memory_bytes = 1000, .worker_budget = 100};
  scene.snapshot.processes.resize(2);
  scene.snapshot.processes[0].name = "worker-0";
  scene.snapshot.processes[0].usage.resident_bytes = 95;
  scene.snapshot.processes[1].name = "control";
  scene.snapshot.processes[1].usage.resident_bytes = 95;
  scene.snapshot.servers[0].address = "127.0.0.1:9001";
  scene.snapshot.servers[0].vitals = proto::ServerVitals{.memory_bytes = 920};
  scene.snapshot.servers[1].address = "10.0.0.7:9001";  // has a machine of its own
  scene.snapshot.servers[1].vitals = proto::ServerVitals{.memory_bytes = 920};
  const auto worker = scene.read(RuleKind::memory_high, "worker-0");
  CHECK(worker->value == doctest::Approx(0.95));
  CHECK(worker->words == "worker-0 uses 95 % of the memory that the configuration allows a worker");
  CHECK(scene.read(RuleKind::memory_high, "control")->value == doctest::Approx(0.095));
  CHECK(scene.read(RuleKind::memory_high, "video-1")->value == doctest::Approx(0.92));
  CHECK_FALSE(scene.read(RuleKind::memory_high, "video-2"));
}

TEST_CASE("a pool that is far from the possible best is poorly shared out, too: from a ratio of 1.2 on") {
  Scene scene;
  scene.snapshot.pools[0].performance.emplace();
  scene.snapshot.pools[0].performance->busy = 1.3;
  const auto reading = scene.read(RuleKind::distribution_poor, "media");
  CHECK(reading->value == doctest::Approx(0.75));
  CHECK(reading->words == "pool media takes 1.30 times as long as the possible best");
  scene.snapshot.pools[0].performance->busy = 1.19;
  CHECK(scene.read(RuleKind::distribution_poor, "media")->value <
        alert::default_rules()[static_cast<std::size_t>(RuleKind::distribution_poor)].threshold);
}

TEST_CASE("traffic of the same hour a week ago, which history has kept, is usual: no spike") {
  Scene scene;
  scene.overview.request_rate = 50;
  for (int second = 0; second < 1200; ++second) scene.read(RuleKind::traffic_spike, "traffic");
  scene.sensor.know_traffic(static_cast<std::int64_t>(scene.overview.time) / 3600 - 168, 500);
  scene.overview.request_rate = 500;
  std::optional<AlertReading> reading;
  for (int second = 0; second < 60; ++second) reading = scene.read(RuleKind::traffic_spike, "traffic");
  CHECK(reading->value == doctest::Approx(1));
}

TEST_CASE(
    "a redis that is away is told, and a proxy that has fallen silent, not one that has ended in order") {
  Scene scene;
  CHECK_FALSE(scene.read(RuleKind::peers_lost, "redis"));
  scene.snapshot.engine.state = ledger::EngineState::connected;
  scene.snapshot.nodes.resize(1);
  ledger::NodeStatus& other = scene.snapshot.nodes[0];
  other.name = "proxy-2";
  other.state = ledger::NodeState::silent;
  other.heard_at = scene.snapshot.taken_at;
  CHECK(scene.read(RuleKind::peers_lost, "redis")->value == 0);
  const auto silent = scene.read(RuleKind::peers_lost, "proxy-2");
  CHECK(silent->value == 1);
  CHECK(silent->words.starts_with("proxy proxy-2 has not been heard of for "));
  other.left = true;
  CHECK(scene.read(RuleKind::peers_lost, "proxy-2")->value == 0);
  scene.snapshot.engine.state = ledger::EngineState::lost;
  scene.snapshot.engine.reason = "127.0.0.1:6379 does not answer";
  CHECK(scene.read(RuleKind::peers_lost, "redis")->words ==
        "other proxies cannot be heard: 127.0.0.1:6379 does not answer");
}

TEST_CASE("a Unix socket that nobody can connect to is an alert, the admin server's, too") {
  Scene scene;
  scene.snapshot.listeners = {{.name = "local"}};
  CHECK(scene.read(RuleKind::socket_lost, "local")->value == 0);
  CHECK(scene.read(RuleKind::socket_lost, "admin")->value == 0);
  scene.snapshot.listeners[0].lost = scene.snapshot.admin_lost = true;
  const auto reading = scene.read(RuleKind::socket_lost, "local");
  CHECK(reading->value == 1);
  CHECK(reading->words.find("nobody can connect to listener local: the file") == 0);
  CHECK(scene.read(RuleKind::socket_lost, "admin")->value == 1);
}
