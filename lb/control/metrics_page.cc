#include "lb/control/metrics_page.h"

#include <array>
#include <string_view>
#include <utility>

#include "lb/control/metrics_text.h"
#include "lb/control/peers_page.h"
#include "lb/control/scale_page.h"

namespace finishline::control {
namespace {

using ledger::CloseReason;
using ledger::LatencyHistogram;
using ledger::MetricInfo;
using ledger::MetricKind;
using proto::Status;
using Page = MetricsText;
using Label = MetricsText::Label;

/// Bounds that are bounds of our buckets, too: so what the page says is exact.
template <std::size_t N>
constexpr std::array<Nanos, N> octaves(unsigned first, unsigned step) {
  std::array<Nanos, N> bounds{};
  for (std::size_t i = 0; i < N; ++i) bounds[i] = Nanos{std::int64_t{1} << (first + i * step)};
  return bounds;
}
constexpr auto kRequestBounds = octaves<20>(15, 1);  // 33 us to 17 s
constexpr auto kStreamBounds = octaves<14>(17, 2);   // 131 us to 2.4 h

/// Of a bucket of promises.
std::string bound_of(std::size_t bucket) {
  if (bucket == ledger::kPromiseBounds.size()) return "+Inf";
  return metric_digits(metric_seconds(ledger::kPromiseBounds[bucket]));
}

template <class Use>
void each_status(const ByStatus& counts, Use use) {
  for (std::size_t i = 0; i < counts.size(); ++i) use(name_of(static_cast<Status>(i)), counts[i]);
}

void begin(Page& page, const MetricInfo& info) {
  page.family(info.metric, info.kind == MetricKind::gauge ? "gauge" : "counter", info.help);
}

void sample(Page& page, const MetricInfo& info, Label label, std::int64_t value) {
  if (info.kind == MetricKind::microseconds)
    page.sample({label}, static_cast<double>(value) / 1e6);
  else
    page.sample({label}, value);
}

void add_process(Page& page, const Snapshot& all) {
  page.family("finishline_build_info", "gauge", "version of the running proxy");
  page.sample({{"version", all.version}}, 1);
  page.family("finishline_uptime_seconds", "gauge", "time since the proxy started");
  page.sample({}, metric_seconds(all.uptime));
  page.family("finishline_config_revision", "gauge",
              "the configuration in force; one more with every reload");
  page.sample({}, all.configuration.revision);
  page.family("finishline_reloads_refused_total", "counter", "reloads that changed nothing");
  page.sample({}, all.configuration.reloads_refused);
  page.family("finishline_log_lines_lost_total", "counter",
              "lines of the log that could not be written, because nobody read it or the disk was full");
  page.sample({}, all.lines_lost);
  page.family("finishline_stalled_total", "counter", "child processes that the watchdog has killed");
  page.sample({}, all.stalled);
  page.family("finishline_quarantined", "gauge",
              "child processes that keep dying young and are started every few seconds only");
  page.sample({}, all.quarantined);
  page.family("finishline_workers_running", "gauge", "worker processes that serve clients");
  page.sample({}, workers_in(all, ledger::WorkerState::running));
  page.family("finishline_worker_starts_total", "counter", "times that a worker process was started");
  for (const WorkerSnapshot& worker : all.workers)
    page.sample({{"worker", std::to_string(worker.id)}}, worker.status.starts);
  page.family("finishline_worker_deaths_total", "counter",
              "times that a worker process ended without being told to");
  for (const WorkerSnapshot& worker : all.workers)
    page.sample({{"worker", std::to_string(worker.id)}}, worker.status.deaths);
  page.family("finishline_worker_silent_seconds", "gauge", "time since the loop of the worker turned last");
  for (const WorkerSnapshot& worker : all.workers)
    if (is_alive(worker))
      page.sample({{"worker", std::to_string(worker.id)}}, metric_seconds(silence_of(worker, all)));
}

void add_processes(Page& page, const Snapshot& all) {
  page.family("finishline_process_cpu_seconds_total", "counter", "CPU time of the proxy's own processes");
  for (const ProcessSnapshot& it : all.processes)
    page.sample({{"process", it.name}}, metric_seconds(it.usage.cpu));
  page.family("finishline_process_resident_bytes", "gauge",
              "memory that the process has touched; the ledger, which all share, is in each");
  for (const ProcessSnapshot& it : all.processes)
    page.sample({{"process", it.name}}, it.usage.resident_bytes);
}

void add_certificates(Page& page, const Snapshot& all) {
  page.family("finishline_certificate_expiry_seconds", "gauge",
              "how long a certificate that clients are shown is still good; below 0: it is not any more");
  for (const CertificateSnapshot& it : all.certificates)
    page.sample({{"listener", it.listener}, {"certificate", it.name}}, it.seconds_left);
}

/// Of servers that say it.
void add_server_vitals(Page& page, const Snapshot& all) {
  page.family("finishline_server_cpu_ratio", "gauge", "CPU time of one core that the server says it takes");
  for (const ServerSnapshot& s : all.servers)
    if (s.vitals) page.sample({{"server", s.name}}, s.vitals->cpu_percent / 100);
  page.family("finishline_server_resident_bytes", "gauge", "memory that the server says it takes");
  for (const ServerSnapshot& s : all.servers)
    if (s.vitals) page.sample({{"server", s.name}}, s.vitals->memory_bytes);
}

void add_worker_cells(Page& page, const Snapshot& all) {
  for (std::size_t i = 0; i < ledger::kWorkerCells; ++i) {
    const MetricInfo& info = info_of(static_cast<ledger::WorkerCell>(i));
    begin(page, info);
    for (const WorkerSnapshot& worker : all.workers)
      sample(page, info, {"worker", std::to_string(worker.id)}, worker.counters[i]);
  }
}

void add_requests(Page& page, const Snapshot& all) {
  page.family("finishline_requests_received_total", "counter", "well-formed requests of a known type");
  for (std::size_t type = 0; type < all.request_types.size(); ++type)
    page.sample({{"type", all.request_types[type]}}, all.received[type]);
  page.family("finishline_requests_by_priority_total", "counter", "the same, by priority class");
  for (std::size_t priority = 0; priority < all.received_by_priority.size(); ++priority)
    page.sample({{"priority", std::to_string(priority)}}, all.received_by_priority[priority]);
  page.family("finishline_requests_answered_total", "counter", "replies to such requests");
  for (std::size_t type = 0; type < all.request_types.size(); ++type)
    each_status(all.answered[type], [&](std::string_view status, std::int64_t count) {
      page.sample({{"type", all.request_types[type]}, {"status", status}}, count);
    });
  page.family("finishline_requests_rejected_total", "counter", "replies to requests that had no known type");
  each_status(all.rejected, [&](std::string_view status, std::int64_t count) {
    if (status != name_of(Status::ok)) page.sample({{"status", status}}, count);
  });
  page.family("finishline_connections_closed_total", "counter", "client connections that ended, by reason");
  for (std::size_t i = 0; i < all.closed.size(); ++i)
    page.sample({{"reason", name_of(static_cast<CloseReason>(i))}}, all.closed[i]);
}

void add_listeners(Page& page, const Snapshot& all) {
  const auto each_counted = [&](std::int64_t ledger::ListenerTotals::*value) {
    for (const ListenerSnapshot& it : all.listeners)
      if (it.totals) page.sample({{"listener", it.name}}, *it.totals.*value);
  };
  page.family("finishline_listener_up", "gauge", "0: somebody has removed the file of its Unix socket");
  for (const ListenerSnapshot& it : all.listeners) page.sample({{"listener", it.name}}, it.lost ? 0 : 1);
  page.family("finishline_listener_connections_accepted_total", "counter",
              "client connections that the listener accepted");
  each_counted(&ledger::ListenerTotals::accepted);
  page.family("finishline_listener_connections_refused_total", "counter",
              "of those, the ones closed at once by its lists or its limits for one client address");
  each_counted(&ledger::ListenerTotals::refused);
  page.family("finishline_listener_connections_open", "gauge", "client connections of the listener open now");
  each_counted(&ledger::ListenerTotals::open);
  page.family("finishline_listener_requests_total", "counter",
              "whole requests that came to the listener, also those that were refused at once");
  each_counted(&ledger::ListenerTotals::requests);
  page.family("finishline_listener_stream_bytes_received_total", "counter",
              "bytes of the listener's streams from clients");
  each_counted(&ledger::ListenerTotals::stream_bytes_in);
  page.family("finishline_listener_stream_bytes_sent_total", "counter",
              "bytes of the listener's streams to clients");
  each_counted(&ledger::ListenerTotals::stream_bytes_out);
}

/// One sample per state, of which one is 1: so a state can be asked for by its word.
void add_server_health(Page& page, const Snapshot& all) {
  page.family("finishline_server_state", "gauge", "1 for the state that the server is in");
  for (const ServerSnapshot& s : all.servers)
    for (std::size_t i = 0; i <= ledger::kServerStates; ++i) {
      const bool untried = i == ledger::kServerStates;
      const std::string_view word = state_word(static_cast<ledger::ServerState>(untried ? 0 : i), untried);
      page.sample({{"server", s.name}, {"state", word}}, word == state_word(s) ? 1 : 0);
    }
  page.family("finishline_server_ejections_total", "counter", "times that the server was ejected");
  for (const ServerSnapshot& s : all.servers) page.sample({{"server", s.name}}, s.ejections);
  page.family("finishline_server_check_failures_total", "counter", "checks that the server failed");
  for (const ServerSnapshot& s : all.servers) page.sample({{"server", s.name}}, s.check_failures);
}

void add_server_books(Page& page, const Snapshot& all) {
  page.family("finishline_server_up", "gauge", "whether the server may be given work");
  for (const ServerSnapshot& s : all.servers) page.sample({{"server", s.name}}, takes_work(s.state) ? 1 : 0);
  page.family("finishline_server_finish_seconds", "gauge", "time until the server is expected to be idle");
  for (const ServerSnapshot& s : all.servers) page.sample({{"server", s.name}}, metric_seconds(s.finish));
  page.family("finishline_server_backlog_seconds", "gauge", "service time booked and not settled");
  for (const ServerSnapshot& s : all.servers) page.sample({{"server", s.name}}, metric_seconds(s.books.owed));
  page.family("finishline_server_requests_in_flight", "gauge", "requests sent and not answered");
  for (const ServerSnapshot& s : all.servers) page.sample({{"server", s.name}}, s.books.in_flight);
}

void add_costs(Page& page, const Snapshot& all) {
  const auto each_cost = [&](auto value_of) {
    for (const ServerSnapshot& server : all.servers)
      for (std::size_t type = 0; type < server.costs.size(); ++type)
        if (server.costs[type].declared > 0)
          page.sample({{"server", server.name}, {"type", all.request_types[type]}},
                      value_of(server.costs[type]));
  };
  page.family("finishline_learned_cost_ratio", "gauge",
              "cost of a request as learned from replies, of what is declared");
  each_cost([](const ledger::LearnedCost& cost) { return cost.ratio(); });
  page.family("finishline_learned_cost_sd", "gauge", "standard deviation of the logarithm of that cost");
  each_cost([](const ledger::LearnedCost& cost) { return cost.sd; });
  page.family("finishline_learned_cost_age_seconds", "gauge", "since the last reply that it is learned from");
  for (const ServerSnapshot& server : all.servers)
    for (std::size_t type = 0; type < server.costs.size(); ++type)
      if (const ledger::LearnedCost& cost = server.costs[type]; cost.samples > 0)
        page.sample({{"server", server.name}, {"type", all.request_types[type]}},
                    std::chrono::duration<double>(std::max(all.taken_at - cost.updated_at, Nanos{})).count());
  page.family("finishline_learned_cost_samples_total", "counter", "replies that it is learned from");
  each_cost([](const ledger::LearnedCost& cost) { return cost.samples; });
}

void add_streams(Page& page, const Snapshot& all) {
  const auto each_server = [&](auto value_of) {
    for (const ServerSnapshot& s : all.servers)
      if (s.kind == ledger::ServerKind::streams) page.sample({{"server", s.name}}, value_of(s));
  };
  page.family("finishline_server_streams_open", "gauge", "streams open to the server");
  each_server([](const ServerSnapshot& s) { return s.streams_open; });
  page.family("finishline_server_load_percent", "gauge", "load of its open streams, of its capacity");
  each_server([](const ServerSnapshot& s) { return s.load_percent; });
  page.family("finishline_pool_load_percent", "gauge",
              "load of all streams, of the capacity of the servers that take them");
  for (const PoolSnapshot& pool : all.pools)
    if (pool.streams) page.sample({{"pool", pool.name}}, pool.load_percent);
}

/// One sample per pool: the policy is a label, so that a change of it shows as another line.
void add_pools(Page& page, const Snapshot& all) {
  page.family("finishline_pool_policy", "gauge", "1 for the policy that the pool follows");
  for (const PoolSnapshot& pool : all.pools)
    page.sample({{"pool", pool.name}, {"policy", pool.policy}, {"chosen", pool.chosen}}, 1);
  page.family("finishline_pool_policy_changes_total", "counter",
              "times that the pool was given another policy");
  for (const PoolSnapshot& pool : all.pools) page.sample({{"pool", pool.name}}, pool.policy_changes);
}

/// What is not known is left out.
void add_makespan_ratios(Page& page, const Snapshot& all) {
  const auto each_known = [&](std::optional<double> PoolPerformance::*value) {
    for (const PoolSnapshot& pool : all.pools)
      if (pool.performance && *pool.performance.*value)
        page.sample({{"pool", pool.name}}, *(*pool.performance.*value));
  };
  page.family("finishline_pool_makespan_ratio", "gauge",
              "achieved makespan to the possible best, over the busy periods of the last minute");
  each_known(&PoolPerformance::busy);
  page.family("finishline_pool_idle_share", "gauge",
              "share of the servers' time in which one idled while work waited that it could do");
  each_known(&PoolPerformance::idle_share);
}

void add_promise_errors(Page& page, std::string_view pool, const char* side,
                        const ledger::PromiseErrorsOfSide& errors) {
  std::int64_t up_to = 0;
  for (std::size_t i = 0; i < ledger::kPromiseBuckets; ++i)
    page.sample("_bucket", {{"pool", pool}, {"side", side}, {"le", bound_of(i)}}, up_to += errors.counts[i]);
  page.sample("_sum", {{"pool", pool}, {"side", side}}, metric_seconds(errors.sum));
  page.sample("_count", {{"pool", pool}, {"side", side}}, up_to);
}

/// Those that came too soon apart: the sum of a histogram never falls.
void add_promises(Page& page, const Snapshot& all) {
  page.family("finishline_promise_error_seconds", "histogram",
              "how far from the time that was foreseen as they came requests were done, later or sooner; of "
              "those of which it was foreseen");
  for (const PoolSnapshot& pool : all.pools) {
    if (pool.streams) continue;
    add_promise_errors(page, pool.name, "late", pool.promises.late);
    add_promise_errors(page, pool.name, "early", pool.promises.early);
  }
}

/// Failures that did not happen are left out: servers times statuses would be most of the page.
void add_server_outcomes(Page& page, const Snapshot& all) {
  page.family("finishline_server_requests_served_total", "counter", "good replies of the server");
  for (const ServerSnapshot& server : all.servers)
    for (std::size_t type = 0; type < all.request_types.size(); ++type)
      page.sample({{"server", server.name}, {"type", all.request_types[type]}}, server.served[type]);
  page.family("finishline_server_requests_failed_total", "counter",
              "requests that got no good reply from the server");
  for (const ServerSnapshot& server : all.servers)
    each_status(server.failed, [&](std::string_view status, std::int64_t count) {
      if (count != 0) page.sample({{"server", server.name}, {"status", status}}, count);
    });
}

void add_server_cells(Page& page, const Snapshot& all) {
  for (std::size_t i = 0; i < ledger::kServerCells; ++i) {
    const MetricInfo& info = info_of(static_cast<ledger::ServerCell>(i));
    begin(page, info);
    for (const ServerSnapshot& server : all.servers)
      sample(page, info, {"server", server.name}, server.counters[i]);
  }
}

/// A series shows once there is something in it: pools times types times buckets would be most of the page.
void add_latency(Page& page, const Snapshot& all, std::string_view name, std::string_view help,
                 LatencyHistogram RequestLatencies::*which) {
  page.family(name, "histogram", help);
  for (const PoolSnapshot& pool : all.pools)
    for (std::size_t type = 0; type < pool.latencies.size(); ++type)
      if (const LatencyHistogram& it = pool.latencies[type].*which; it.count() > 0)
        page.histogram({"pool", pool.name}, {"type", all.request_types[type]}, it, kRequestBounds);
}

void add_stream_latency(Page& page, const Snapshot& all, std::string_view name, std::string_view help,
                        LatencyHistogram PoolSnapshot::*which) {
  page.family(name, "histogram", help);
  for (const PoolSnapshot& pool : all.pools)
    if (pool.streams) page.histogram({"pool", pool.name}, {}, pool.*which, kStreamBounds);
}

void add_latencies(Page& page, const Snapshot& all) {
  add_latency(
      page, all, "finishline_request_duration_seconds",
      "time from the arrival of a request to the reply of a server, or to its deadline; what is refused "
      "is in none",
      &RequestLatencies::request);
  add_latency(page, all, "finishline_request_waiting_seconds",
              "of that, until it was sent to the server that replied", &RequestLatencies::waiting);
  add_latency(page, all, "finishline_first_answer_seconds", "of that, from there to the server's reply",
              &RequestLatencies::first_answer);
  add_latency(page, all, "finishline_service_seconds", "of that, how long the server says that it worked",
              &RequestLatencies::service);
  page.family("finishline_server_response_seconds", "histogram",
              "time from sending a request to the reply, of replies that speak for the server");
  for (const ServerSnapshot& server : all.servers)
    if (server.response.count() > 0)
      page.histogram({"server", server.name}, {}, server.response, kRequestBounds);
  add_stream_latency(page, all, "finishline_stream_duration_seconds",
                     "time from the arrival of a client connection to its end", &PoolSnapshot::stream);
  add_stream_latency(page, all, "finishline_stream_connect_seconds",
                     "time that it took to connect to a server", &PoolSnapshot::stream_connect);
  page.family("finishline_latency_series_dropped_total", "counter",
              "histograms of one worker for which the ledger had no room");
  page.sample({}, all.latency_series_dropped);
}

void add_alerts(Page& page, const Snapshot& all) {
  page.family("finishline_alerts_firing", "gauge", "alerts that fire now, silenced ones too");
  page.sample({{"severity", "critical"}}, all.alerts.critical);
  page.sample({{"severity", "warning"}}, all.alerts.warnings);
  page.family("finishline_alert_notifications_total", "counter",
              "messages about alerts by channel: sent, or given up");
  page.sample({{"channel", "webhook"}, {"outcome", "sent"}}, all.alerts.webhook_sent);
  page.sample({{"channel", "webhook"}, {"outcome", "failed"}}, all.alerts.webhook_failed);
  page.sample({{"channel", "mail"}, {"outcome", "sent"}}, all.alerts.mail_sent);
  page.sample({{"channel", "mail"}, {"outcome", "failed"}}, all.alerts.mail_failed);
}

void add_admin(Page& page, const Snapshot& all) {
  page.family("finishline_admin_connections", "gauge",
              "connections of the admin server open now, event streams not among them");
  page.sample({}, all.admin.connections);
  page.family("finishline_admin_streams", "gauge", "event streams open now: pages that somebody looks at");
  page.sample({}, all.admin.streams);
  page.family("finishline_admin_refused_total", "counter",
              "requests that the admin server refused, and connections that it dropped, by reason");
  for (std::size_t i = 0; i < all.admin.refused.size(); ++i)
    page.sample({{"reason", name_of(static_cast<http::Refused>(i))}}, all.admin.refused[i]);
}

}  // namespace

std::string metrics_page(const Snapshot& all) {
  Snapshot snapshot = all;
  std::erase_if(snapshot.servers, is_unused_place);
  Page page;
  add_process(page, snapshot);
  add_admin(page, snapshot);
  add_certificates(page, snapshot);
  add_processes(page, snapshot);
  add_worker_cells(page, snapshot);
  add_requests(page, snapshot);
  add_listeners(page, snapshot);
  add_pools(page, snapshot);
  add_makespan_ratios(page, snapshot);
  add_promises(page, snapshot);
  add_server_health(page, snapshot);
  add_server_books(page, snapshot);
  add_server_vitals(page, snapshot);
  add_server_outcomes(page, snapshot);
  add_server_cells(page, snapshot);
  add_costs(page, snapshot);
  add_streams(page, snapshot);
  add_latencies(page, snapshot);
  add_alerts(page, snapshot);
  add_peers(page, snapshot);
  add_scale_metrics(page, snapshot);
  return page.take();
}

}  // namespace finishline::control
