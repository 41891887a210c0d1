// A ledger in which something has happened, for the tests of the pages.
#pragma once

#include <chrono>

#include "lb/control/snapshot.h"
#include "lb/ledger/metrics.h"
#include "lb/ledger/worker_status.h"

namespace finishline::control {

inline void note_sample_latencies(ledger::LatencyWriter& to, ledger::PoolId pool, ledger::ServerId server) {
  to.answered(pool, 0, {.request = 8ms, .waiting = 3ms, .first_answer = 5ms, .service = 4ms});
  to.timed_out(pool, 1, 100us);
  to.responded(server, 5ms);
}

inline ledger::ListenerId note_sample_connection(ledger::Ledger& ledger) {
  const ledger::ListenerId listener = *ledger::ensure_listener(ledger, "door");
  ledger::ListenerCounts(ledger, 0, listener).accepted();
  return listener;
}

inline Names sample_names(ledger::PoolId pool, ledger::ListenerId listener) {
  return {.request_types = {"video", "music"},
          .server_types = {"video", "music"},
          .pools = {pool},
          .addresses = {"127.0.0.1:9001", "[::1]:9003"},
          .backups = {false, true},
          .listeners = {{"door", listener}, {"uncounted", {}}}};
}

inline Snapshot sample_snapshot(const std::string& server_name = "video-1") {
  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({4, 8}));
  const Instant now = ledger.created_at() + std::chrono::minutes(2);
  const ledger::ServerId video = *ledger.ensure_server(server_name, 1);
  const ledger::ServerId music = *ledger.ensure_server("music-1", 1);
  ledger.set_state(music, ledger::ServerState::down);
  worker_starting(ledger, 0, now);
  worker_forked(ledger, 0, 4242);
  beat(ledger, 0, now - 250ms);
  enter(ledger, 0, ledger::WorkerState::running);
  ledger::WorkerMetrics metrics(ledger, 0);
  metrics.add(ledger::WorkerCell::connections_accepted, 3);
  metrics.add(ledger::WorkerCell::connections_open, 1);
  metrics.add(ledger::WorkerCell::client_bytes_in, 5 * 1024 * 1024);
  metrics.close(ledger::CloseReason::client_closed);
  metrics.close(ledger::CloseReason::bad_frame);
  metrics.received(0);
  metrics.received(1);
  metrics.answered(0, proto::Status::ok);
  metrics.answered(1, proto::Status::server_lost);
  metrics.rejected(proto::Status::unknown_type);
  metrics.served(video, 0);
  metrics.failed(music, proto::Status::server_lost);
  metrics.add(video, ledger::ServerCell::service_us, 1'500'000);
  ledger::WorkerBooks(ledger, 0).reserve(video, 12'500us, now);
  const ledger::PoolId pool = *ledger::ensure_pool(ledger, "media");
  ledger::configure_policy(ledger, pool, 1, 1);
  ledger::choose_policy(ledger, pool, 3, true);
  note_sample_latencies(metrics.latencies(), pool, video);
  Snapshot all = take_snapshot(ledger, sample_names(pool, note_sample_connection(ledger)), now);
  all.servers[music].reason = "connection refused";
  all.servers[video].vitals = proto::ServerVitals{.cpu_percent = 12.5, .memory_bytes = 4096'000};
  all.processes = {{"worker-0", 4242, {.cpu = 1500ms, .resident_bytes = 8192'000}, 0.125}};
  return all;
}

}  // namespace finishline::control
