#include "lb/control/control.h"

#include <ctime>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "lb/config/source.h"
#include "lb/control/access.h"
#include "lb/control/adaptive_controller.h"
#include "lb/control/admin_api.h"
#include "lb/control/admin_tls.h"
#include "lb/control/alert_api.h"
#include "lb/control/alert_service.h"
#include "lb/control/alive_page.h"
#include "lb/control/api.h"
#include "lb/control/audit.h"
#include "lb/control/change_api.h"
#include "lb/control/change_service.h"
#include "lb/control/configured.h"
#include "lb/control/cost_learning.h"
#include "lb/control/explain.h"
#include "lb/control/forecast_api.h"
#include "lb/control/health_checker.h"
#include "lb/control/history_api.h"
#include "lb/control/inventory.h"
#include "lb/control/kept_orders.h"
#include "lb/control/kept_tallies.h"
#include "lb/control/live_details.h"
#include "lb/control/live_page.h"
#include "lb/control/metrics_page.h"
#include "lb/control/observer.h"
#include "lb/control/peers_page.h"
#include "lb/control/performance_meter.h"
#include "lb/control/plain_api.h"
#include "lb/control/planning.h"
#include "lb/control/policy_service.h"
#include "lb/control/process_meter.h"
#include "lb/control/recorder.h"
#include "lb/control/reload_service.h"
#include "lb/control/resizer.h"
#include "lb/control/samples.h"
#include "lb/control/scale_page.h"
#include "lb/control/scale_pools.h"
#include "lb/control/scaler.h"
#include "lb/control/shared_changes.h"
#include "lb/control/snapshot.h"
#include "lb/control/sources_page.h"
#include "lb/control/stats_page.h"
#include "lb/control/turn_page.h"
#include "lb/control/vitals_reader.h"
#include "lb/http/error_reply.h"
#include "lb/http/page_files.h"
#include "lb/http/router.h"
#include "lb/http/server.h"
#include "lb/ledger/control_status.h"
#include "lb/ledger/metrics.h"
#include "lb/log/log.h"
#include "lb/net/loop.h"
#include "lb/net/timer.h"
#include "lb/process/heartbeat.h"
#include "lb/process/logging.h"

namespace finishline::control {
namespace {

constexpr Nanos kLastReplies = 300ms;
constexpr Nanos kAudit = 250ms;  // a quarter of the second in which the books are promised to be exact

/// The parts in the order in which they are built; destruction is the reverse.
class Control {
 public:
  explicit Control(process::Heritage& heritage)
      : Control(heritage, {heritage.config, heritage.server_ids, heritage.pool_ids,
                           listener_rows(heritage.config, heritage.ledger)}) {}
  int run();

 private:
  Control(process::Heritage& heritage, const Configured& it);
  void begin_admin(int fd);
  void add_routes();
  void add_snapshot_routes();
  void audit();
  void connect_parts(const process::Heritage& heritage, const Configured& it);
  void beat();
  void obey(const process::Order& order);
  void change_to(const process::Order& order);
  void fail(const std::string& reason);
  void finish();
  std::function<void(std::string)> marker(const char* kind);
  Scaler::Actions scaler_actions(int order_fd);
  SharedChanges::Actions sharing_actions(int order_fd);
  Snapshot snapshot();

  ledger::Ledger& ledger_;
  Names names_;
  net::Loop loop_;
  net::Timer last_replies_;
  net::Timer audit_;
  net::Timer heartbeat_;
  ProcessMeter processes_{loop_, ledger_};
  process::ServerTls server_tls_;
  const tls::CertificateBoard* certificates_ = nullptr;  // nothing: nobody has made one
  HealthChecker health_;
  VitalsReader vitals_reader_;
  PolicyService policies_;
  Recorder recorder_;
  Explain explain_;
  LiveDetails details_;
  AdaptiveController adaptive_;
  PerformanceMeter performance_;
  CostLearning learning_;
  Planning planning_;
  http::HttpRouter router_;
  Access access_;
  Audit audit_log_;
  KeptOrders kept_orders_;
  AdminApi orders_;
  ReloadService reloads_;
  ChangeService changes_;
  SharedChanges shared_;
  Observer observer_;
  ChangeApi change_api_;
  Api api_;
  PlainApi plain_;
  ForecastApi forecasts_;
  HistoryApi history_{loop_, observer_};
  AlertService alerts_;
  AlertApi alert_api_;
  Scaler scaler_;
  Resizer resizer_{loop_};
  TurnPage metrics_{loop_}, stats_{loop_};
  AdminTls admin_tls_;
  std::optional<http::HttpServer> admin_;
  int exit_code_ = 0;
};

/// Workers hear of a scaled server that has appeared, and connect to it.
std::function<void()> ring_all(const process::Doorbells* bells) {
  return [bells] {
    if (bells != nullptr) bells->ring_all();
  };
}

Control::Control(process::Heritage& heritage, const Configured& it)
    : ledger_(heritage.ledger),
      names_(names_of(it)),
      last_replies_(loop_, [this] { loop_.stop(); }),
      audit_(loop_, [this] { audit(); }),
      heartbeat_(loop_, [this] { beat(); }),
      server_tls_(heritage.server_files),
      health_(loop_, ledger_, watches_of(it, server_tls_), seed_of(heritage.config.proxy),
              ring_all(heritage.bells)),
      vitals_reader_(loop_, vitals_targets_of(it)),
      policies_(ledger_, pools_of(it)),
      recorder_(loop_, ledger_, names_),
      explain_(loop_, ledger_, names_, explained_pools_of(it)),
      details_(loop_, ledger_, explain_, heritage.config.proxy.geo_database),
      adaptive_(loop_, ledger_, recorder_, policies_, tuned_pools_of(it)),
      performance_(loop_, ledger_, recorder_, measured_pools_of(it)),
      learning_(loop_, ledger_, learning_pools_of(it)),
      planning_(loop_, ledger_, planned_pools_of(it)),
      access_(router_.refusals(), heritage.admin_token.text, access_options_of(heritage.config.proxy)),
      audit_log_(heritage.config.proxy.state_dir),
      kept_orders_(heritage.config.proxy.state_dir, ledger_, policies_),
      orders_(ledger_, health_, policies_),
      reloads_(loop_, ledger_, heritage.order_fd, heritage.source->file, [this](auto& o) { obey(o); }),
      changes_(loop_, *heritage.source, std::bind_front(&ReloadService::send, &reloads_)),
      shared_(loop_, ledger_, changes_, sharing_actions(heritage.order_fd)),
      observer_(
          loop_, ledger_, [this] { return snapshot(); }, inventory_of(it), heritage.config.proxy.state_dir),
      change_api_(changes_, orders_, marker("change")),
      api_(loop_, observer_, access_, orders_, reloads_, explain_),
      plain_(loop_, observer_, orders_),
      forecasts_(loop_, observer_.timeline(), place_of(heritage.config.proxy)),
      alerts_(loop_, heritage.config, heritage.alert_secrets, marker("alert")),
      alert_api_(loop_, alerts_, access_, marker("change")),
      scaler_(loop_, ledger_, health_, scale_pools_of(it), scaler_actions(heritage.order_fd)),
      admin_tls_(heritage) {
  connect_parts(heritage, it);
  ledger::confirm_control_revision(ledger_, heritage.revision);
  begin_admin(heritage.admin_fd);
}

void Control::begin_admin(int fd) {
  if (fd < 0 || !admin_tls_.usable()) return;
  admin_.emplace(loop_, fd, router_);
  if (admin_tls_.context() != nullptr) admin_->speak_tls(*admin_tls_.context());
}

/// Marks of this kind stand on the page's time line.
std::function<void(std::string)> Control::marker(const char* kind) {
  return [this, kind](std::string text) { observer_.mark(kind, std::move(text)); };
}

Scaler::Actions Control::scaler_actions(int order_fd) {
  return {
      .tell_master = [order_fd] { process::send_order(order_fd, {.kind = process::Order::Kind::scale}); },
      .mark = marker("scale"),
      .past = [this](const auto& it) { return recent_past(observer_.timeline(), it, forecasts_.place()); },
      .unix_now = [this] { return observer_.timeline().latest(); }};
}

SharedChanges::Actions Control::sharing_actions(int order_fd) {
  return {.tell_peer =
              [order_fd](std::string text) {
                process::send_order(order_fd, {.kind = process::Order::Kind::share, .text = std::move(text)});
              },
          .mark = marker("change")};
}

/// Rules of alerts are kept with the changes. Routes come last: they lead to all of it.
void Control::connect_parts(const process::Heritage& heritage, const Configured& it) {
  resizer_.change_to(sized_servers_of(it, ledger_));
  certificates_ = heritage.certificates;
  observer_.mark_upgrade(heritage.taken_over_at);
  orders_.keep_in(kept_orders_);
  shared_.set_name(heritage.config.peers.name);
  policies_.tell_of_differences();
  observer_.set_additions([this](Overview& overview) { details_.add_to(overview); });
  keep_tallies(ledger_, router_.refusals(), alerts_.notifier());
  observer_.set_alerts([this](const auto&... seen) { return alerts_.look(seen...); });
  alerts_.set_past_rate([this](std::int64_t from, std::int64_t to) {
    return past_rate_of(observer_.timeline(), observer_.inventory(), from, to);
  });
  alert_api_.set_keep_rule([this](const std::string& name, const auto& keys, auto answer) {
    return change_api_.keep_rule(name, keys, std::move(answer));
  });
  add_routes();
}

void Control::add_routes() {
  router_.set_guard([this](const HttpRequest& it) -> std::optional<HttpReply> {
    const auto refusal = access_.refusal_of(it, role_for(it), loop_.now());
    if (!refusal && tells_performance(it)) performance_.look();
    if (!refusal) details_.look_for(it);
    if (!refusal) return std::nullopt;
    return http::error_reply(refusal->status, refusal->words);
  });
  router_.set_after_change([this](const HttpRequest& it, const HttpReply& reply) {
    audit_log_.note(it, reply, access_.caller_of(it, loop_.now()));
  });
  router_.get("/api/v1/audit", [this](const HttpRequest&) { return audit_log_.page(); });
  router_.get("/readyz", [this](const HttpRequest&) {
    return readiness_page(ledger_, observer_.overview(), observer_.inventory(), loop_.now());
  });
  api_.add_routes(router_);
  alert_api_.add_routes(router_);
  change_api_.add_routes(router_);
  change_api_.watch_taking_back([this] { shared_.take_back(); });
  http::add_page(router_);
  router_.get("/healthz", [this](const HttpRequest&) { return liveness_page(ledger_, loop_.now()); });
  router_.put("/servers/{name}/state", [this](const HttpRequest& it) { return orders_.set_state(it); });
  router_.put("/pools/{name}/policy", [this](const HttpRequest& it) { return orders_.set_policy(it); });
  router_.get("/pools/{name}/policy", [this](const HttpRequest& it) { return orders_.get_policy(it); });
  router_.put("/reload", [this](const HttpRequest&) { return reloads_.ask(); });
  router_.get("/reload", [this](const HttpRequest&) { return reloads_.tell(); });
  router_.put("/upgrade", [this](const HttpRequest&) { return reloads_.ask_upgrade(); });
  router_.get("/pools/{name}/record", [this](const HttpRequest& it) { return recorder_.page(it); });
  router_.get("/pools/{name}/explain", [this](const HttpRequest& it) { return explain_.page(it); });
  forecasts_.add_routes(router_);
  history_.add_routes(router_);
  add_snapshot_routes();
  plain_.add_routes(router_);
}

void Control::add_snapshot_routes() {
  router_.get("/api/v1/sources", [this](const HttpRequest& it) { return sources_page(it, details_); });
  const auto json = [](const auto& page) { return HttpReply{200, "application/json", to_text(page) + "\n"}; };
  router_.get("/api/v1/peers", [=, this](const HttpRequest&) { return json(peers_json(snapshot())); });
  router_.get("/api/v1/scale", [=, this](const HttpRequest&) { return json(scale_page(snapshot())); });
  router_.get("/metrics", [this](const HttpRequest&) {
    return HttpReply{200, kMetricsType, metrics_.made_by([this] { return metrics_page(snapshot()); })};
  });
  router_.get("/stats", [this](const HttpRequest&) {
    return HttpReply{200, "application/json", stats_.made_by([this] { return stats_page(snapshot()); })};
  });
}

/// What does not run cannot say that it has not heard of others.
void Control::audit() {
  ledger::silence_if_stalled(ledger_, loop_.fresh_now());
  orders_.obey_others();
  ledger_.audit(loop_.fresh_now());
}

/// Shows that the loop turns, and how much of the log was lost.
void Control::beat() {
  if (observer_.stream().followers() > 0) {
    performance_.look();
    details_.follow(observer_.overview(), names_.pools);
  }
  shared_.look();
  changes_.survives(), orders_.survives();  // also what others have ordered, and a reload has taken back
  ledger::beat_control(ledger_, loop_.now());
  ledger::count_lost_lines(ledger_, log::keep_up());
}

Snapshot Control::snapshot() {
  Snapshot all = take_snapshot(ledger_, names_, loop_.fresh_now());
  all.certificates = certificates_of(certificates_, std::time(nullptr));
  admin_tls_.add_to(all.certificates);
  health_.add_to(all.servers);
  for (ServerSnapshot& server : all.servers)
    if (!server.vitals) server.vitals = vitals_reader_.vitals(server.id);
  for (std::size_t i = 0; i < all.pools.size(); ++i)
    all.pools[i].performance = performance_.of(names_.pools[i]);
  all.processes = processes_.processes();
  all.alerts = alerts_.counts();
  all.admin = {.refused = router_.refusals().counts()};
  if (admin_) all.admin.connections = admin_->connections();
  if (admin_) all.admin.streams = admin_->streams();
  all.scale = scaler_.status();
  return all;
}

// --- orders of the master --------------------------------------------------------------------------

void Control::obey(const process::Order& order) {
  if (order.kind == process::Order::Kind::drain) finish();
  if (order.kind == process::Order::Kind::token) access_.set_tokens(order.text);
  if (order.kind == process::Order::Kind::webhook_secret) alerts_.set_webhook_secret(order.text);
  if (order.kind == process::Order::Kind::mail_password) alerts_.set_mail_password(order.text);
  if (order.kind == process::Order::Kind::change) change_to(order);
  if (order.kind == process::Order::Kind::share) shared_.take(order.text);
  if (order.kind == process::Order::Kind::overlay_refused) changes_.refused(order.revision, order.text);
}

/// Every part goes on with what it has counted; nobody refers to the configuration afterwards. The master has
/// checked that it can be used: whatever goes wrong here, a successor is forked with it.
void Control::change_to(const process::Order& order) {
  const auto source = config::source_of(order.text);
  if (!source) return fail("an order cannot be read");
  const auto parsed = config::parse(*source);
  const auto* config = std::get_if<config::Config>(&parsed);
  if (config == nullptr) return fail("the ordered configuration has mistakes");
  const Configured it = with_rows(*config, ledger_);
  process::change_log(config->log, "control");
  names_ = names_of(it);
  health_.change_to(watches_of(it, server_tls_));
  vitals_reader_.change_to(vitals_targets_of(it));
  policies_.change_to(pools_of(it));
  recorder_.follow_names();
  adaptive_.change_to(tuned_pools_of(it));
  performance_.change_to(measured_pools_of(it));
  learning_.change_to(learning_pools_of(it));
  planning_.change_to(planned_pools_of(it));
  shared_.set_name(config->peers.name);
  access_.set_options(access_options_of(config->proxy));
  observer_.change_to(inventory_of(it));
  explain_.change_to(explained_pools_of(it));
  details_.change_to(config->proxy.geo_database);
  forecasts_.change_to(place_of(config->proxy));
  alerts_.change_to(*config);
  scaler_.change_to(scale_pools_of(it));
  resizer_.change_to(sized_servers_of(it, ledger_));
  policies_.tell_of_differences();
  ledger::confirm_control_revision(ledger_, order.revision);
  changes_.change_to(*source, order.revision);
}

void Control::fail(const std::string& reason) {
  log::write(log::Event::order_failed, {{"reason", reason}});
  exit_code_ = 1;
  loop_.stop();
}

/// Whoever has asked is answered, if it does not take long; whoever waits in the kernel is the successor's.
void Control::finish() {
  if (!admin_) return loop_.stop();
  last_replies_.start(kLastReplies);
  admin_->finish([this] { loop_.stop(); });
}

int Control::run() {
  audit_.start(kAudit, kAudit);
  heartbeat_.start(0ns, process::kHeartbeat);
  loop_.run();
  return exit_code_;
}

}  // namespace

int run_control(process::Heritage& heritage) {
  Control control(heritage);
  if (heritage.admin_fd >= 0)
    log::write(log::Event::admin_listening,
               {{"address", net::bound_address(heritage.admin_fd).to_string()},
                {"tls", heritage.config.proxy.admin_speaks_tls() ? "yes" : "no"}});
  return control.run();
}

}  // namespace finishline::control
