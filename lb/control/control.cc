#include "lb/control/control.h"

#include <optional>
#include <utility>

#include "lb/control/admin_http.h"
#include "lb/control/admin_orders.h"
#include "lb/control/health_checker.h"
#include "lb/control/http_router.h"
#include "lb/control/metrics_page.h"
#include "lb/control/policy_desk.h"
#include "lb/control/recorder.h"
#include "lb/control/reload_desk.h"
#include "lb/control/snapshot.h"
#include "lb/control/stats_page.h"
#include "lb/control/tuner.h"
#include "lb/log/log.h"
#include "lb/net/loop.h"
#include "lb/net/timer.h"

namespace finishline::control {
namespace {

constexpr Nanos kLastReplies = 300ms;
constexpr Nanos kAudit = 250ms;  // a quarter of the second in which the books are promised to be exact

Names names_of(const process::Heritage& heritage) {
  const config::Config& config = heritage.config;
  Names names;
  for (const RequestTypeSpec& type : config.cost.request_types()) names.request_types.push_back(type.name);
  for (std::size_t i = 0; i < config.servers.size(); ++i) {
    const ledger::ServerId id = heritage.server_ids[i];
    if (id >= names.server_types.size()) names.server_types.resize(id + 1);
    names.server_types[id] = config.servers[i].type;
  }
  names.pools = heritage.pool_ids;
  for (const config::Pool& pool : config.pools) {
    auto& members = names.stream_members.emplace_back();
    for (std::size_t i = 0; pool.streams && i < config.servers.size(); ++i)
      if (config.servers[i].pool == pool.name) members.push_back({heritage.server_ids[i], config.servers[i].capacity});
  }
  return names;
}

bool pongs(const config::Pool& pool, const config::Server& server) {
  return !pool.streams && server.protocol == config::Mode::frame;
}

std::optional<Probe::Options> probe_of(const config::Pool& pool, const config::Server& server) {
  Probe::Options probe{
      .address = server.check_address, .path = pool.check_path, .timeout = pool.check_timeout};
  if (server.check_address.data()->sa_family == server.address.data()->sa_family)
    probe.sources = net::SourceAddresses(server.sources);
  switch (pool.check) {
    case config::Check::off:
      return std::nullopt;
    case config::Check::ping:
      probe.kind = Probe::Kind::ping;
      break;
    case config::Check::connect:
      probe.kind = Probe::Kind::connect;
      break;
    case config::Check::http:
      probe.kind = Probe::Kind::http;
      break;
    case config::Check::automatic:
      probe.kind = pongs(pool, server) ? Probe::Kind::ping : Probe::Kind::connect;
  }
  return probe;
}

sched::HealthOptions health_of(const config::Pool& pool) {
  return {.rise = pool.rise,
          .fall = pool.fall,
          .eject_after = pool.eject_after,
          .eject_time = pool.eject_time,
          .max_ejected = pool.max_ejected,
          .slow_start = pool.slow_start};
}

std::vector<PoolWatch::Options> watches_of(const process::Heritage& heritage) {
  const config::Config& config = heritage.config;
  std::vector<PoolWatch::Options> pools;
  for (const config::Pool& pool : config.pools) {
    pools.push_back({.health = health_of(pool), .check_interval = pool.check_interval, .members = {}});
    for (std::size_t i = 0; i < config.servers.size(); ++i) {
      const config::Server& server = config.servers[i];
      if (server.pool != pool.name) continue;
      pools.back().members.push_back({heritage.server_ids[i], server.name, probe_of(pool, server)});
    }
  }
  return pools;
}

std::vector<PolicyDesk::Pool> pools_of(const process::Heritage& heritage) {
  std::vector<PolicyDesk::Pool> pools;
  for (std::size_t i = 0; i < heritage.config.pools.size(); ++i)
    pools.push_back({.name = heritage.config.pools[i].name,
                     .row = heritage.pool_ids[i],
                     .streams = heritage.config.pools[i].streams});
  return pools;
}

std::vector<Tuner::Pool> tuned_pools_of(const process::Heritage& heritage) {
  const config::Config& config = heritage.config;
  std::vector<Tuner::Pool> pools;
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    const config::Pool& from = config.pools[i];
    auto candidates = std::get<std::vector<const sched::PolicyRow*>>(sched::parse_candidates(from.candidates));
    Tuner::Pool pool{.row = heritage.pool_ids[i],
                     .cost = config.cost,
                     .servers = {},
                     .weights = {},
                     .params = {from.gamma, std::move(candidates)}};
    for (std::size_t n = 0; n < config.servers.size(); ++n) {
      const config::Server& server = config.servers[n];
      if (server.pool != from.name) continue;
      pool.servers.push_back({heritage.server_ids[n], server.name, server.type_index, server.speed, server.slots});
      pool.weights.push_back(server.weight);
    }
    pools.push_back(std::move(pool));
  }
  return pools;
}

/// Different at every start unless the configuration wants a run that can be repeated.
std::uint64_t seed_of(const config::Proxy& proxy) {
  if (proxy.seed != 0) return proxy.seed;
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

/// The parts in the order in which they are built; destruction is the reverse.
class Control {
 public:
  explicit Control(process::Heritage& heritage);
  int run();

 private:
  void add_routes();
  void finish();
  HttpReply liveness() const;
  Snapshot snapshot() { return take_snapshot(ledger_, names_, loop_.fresh_now()); }

  ledger::Ledger& ledger_;
  Names names_;
  net::Loop loop_;
  net::Timer last_replies_;
  net::Timer audit_;
  HealthChecker health_;
  PolicyDesk policies_;
  Recorder recorder_;
  Tuner tuner_;
  AdminOrders orders_;
  ReloadDesk reloads_;
  HttpRouter router_;
  std::optional<AdminHttp> admin_;
};

Control::Control(process::Heritage& heritage)
    : ledger_(heritage.ledger),
      names_(names_of(heritage)),
      last_replies_(loop_, [this] { loop_.stop(); }),
      audit_(loop_, [this] { ledger_.audit(loop_.fresh_now()); }),
      health_(loop_, ledger_, watches_of(heritage), seed_of(heritage.config.proxy)),
      policies_(ledger_, pools_of(heritage)),
      recorder_(loop_, ledger_, names_),
      tuner_(loop_, ledger_, recorder_, policies_, tuned_pools_of(heritage)),
      orders_(ledger_, health_, policies_, heritage.admin_token),
      reloads_(loop_, ledger_, orders_, heritage.order_fd, [this] { finish(); }) {
  policies_.tell_of_differences();
  add_routes();
  audit_.start(kAudit, kAudit);
  if (heritage.admin_fd >= 0) admin_.emplace(loop_, heritage.admin_fd, router_);
}

void Control::add_routes() {
  router_.get("/healthz", [this] { return liveness(); });
  router_.put("/servers/", "/state",
              [this](const HttpRequest& request) { return orders_.set_state(request); });
  router_.put("/pools/", "/policy",
              [this](const HttpRequest& request) { return orders_.set_policy(request); });
  router_.get("/pools/", "/policy",
              [this](const HttpRequest& request) { return orders_.get_policy(request); });
  router_.put("/reload", [this](const HttpRequest& request) { return reloads_.ask(request); });
  router_.get("/reload", [this] { return reloads_.tell(); });
  router_.get("/pools/", "/record", [this](const HttpRequest& request) { return recorder_.page(request); });
  router_.get("/metrics", [this] { return HttpReply{200, kMetricsType, metrics_page(snapshot())}; });
  router_.get("/stats", [this] { return HttpReply{200, "application/json", stats_page(snapshot())}; });
}

HttpReply Control::liveness() const {
  for (ledger::WorkerId worker = 0; worker < worker_limit(ledger_); ++worker)
    if (worker_status(ledger_, worker).state == ledger::WorkerState::running)
      return {200, "text/plain", "ok\n"};
  return {503, "text/plain", "no worker is running\n"};
}

/// Whoever has asked is answered, if it does not take long; whoever waits in the kernel is the successor's.
void Control::finish() {
  if (!admin_) return loop_.stop();
  last_replies_.start(kLastReplies);
  admin_->finish([this] { loop_.stop(); });
}

int Control::run() {
  loop_.run();
  return 0;
}

}  // namespace

int run_control(process::Heritage& heritage) {
  Control control(heritage);
  if (heritage.admin_fd >= 0)
    log::write(log::Event::admin_listening, {{"address", net::bound_address(heritage.admin_fd).to_string()}});
  return control.run();
}

}  // namespace finishline::control
