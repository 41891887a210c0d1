#include "lb/ledger/metrics.h"

#include <doctest/doctest.h>

#include "lb/ledger/worker_status.h"

using namespace finishline;
using namespace finishline::ledger;
using proto::Status;

namespace {

struct Office {
  Ledger ledger = std::get<Ledger>(Ledger::create({4, 4}));
  ServerId server = *ledger.ensure_server("music-1", 1);
  WorkerMetrics first{ledger, 0};
  WorkerMetrics third{ledger, 2};
  MetricsReader reader{ledger};
};

}  // namespace

TEST_CASE("counters of all workers add up, and each can be read alone") {
  Office office;
  office.first.add(WorkerCell::client_bytes_in, 100);
  office.third.add(WorkerCell::client_bytes_in, 23);
  office.third.add(office.server, ServerCell::sent);
  office.first.received(1);
  office.third.received(1);
  office.first.answered(1, Status::ok);
  office.third.answered(1, Status::no_server);
  office.first.served(office.server, 1);
  office.third.failed(office.server, Status::server_lost);
  office.third.rejected(Status::unknown_type);
  office.first.close(CloseReason::half_frame);
  CHECK(office.reader.workers() == 3);
  CHECK(office.reader.total(WorkerCell::client_bytes_in) == 123);
  CHECK(office.reader.of(2, WorkerCell::client_bytes_in) == 23);
  CHECK(office.reader.total(office.server, ServerCell::sent) == 1);
  CHECK(office.reader.received(1) == 2);
  CHECK(office.reader.received(WorkerId{2}, 1) == 1);
  CHECK(office.reader.answered(1, Status::ok) == 1);
  CHECK(office.reader.answered(1, Status::no_server) == 1);
  CHECK(office.reader.answered(0, Status::ok) == 0);
  CHECK(office.reader.served(office.server, 1) == 1);
  CHECK(office.reader.failed(office.server, Status::server_lost) == 1);
  CHECK(office.reader.rejected(Status::unknown_type) == 1);
  CHECK(office.reader.closed(CloseReason::half_frame) == 1);
}

TEST_CASE("a status that no list knows counts as the server's error") {
  Office office;
  office.first.answered(0, static_cast<Status>(4711));
  CHECK(office.reader.answered(0, Status::server_error) == 1);
}

TEST_CASE("a successor goes on counting and what its predecessor had open counts as lost with it") {
  Office office;
  office.first.add(WorkerCell::connections_accepted, 3);
  office.first.add(WorkerCell::connections_open, 2);
  office.first.close(CloseReason::client_closed);
  office.first.received(0);
  office.first.received(0);
  office.first.answered(0, Status::ok);
  office.first.add(office.server, ServerCell::links_up, 2);
  office.first.add(office.server, ServerCell::sent, 2);

  WorkerMetrics successor(office.ledger, 0);
  successor.reset_gauges();
  successor.reset_gauges();  // the dead are buried once
  CHECK(office.reader.total(WorkerCell::connections_open) == 0);
  CHECK(office.reader.total(office.server, ServerCell::links_up) == 0);
  CHECK(office.reader.total(office.server, ServerCell::sent) == 2);
  CHECK(office.reader.closed(CloseReason::worker_died) == 2);
  CHECK(office.reader.total(WorkerCell::requests_abandoned) == 1);
  CHECK(office.reader.abandoned(0) == 1);
  CHECK(office.reader.total(office.server, ServerCell::abandoned) == 2);
}

TEST_CASE("every metric has a name of its own and a description") {
  for (std::size_t i = 0; i < kWorkerCells; ++i) {
    const MetricInfo& info = info_of(static_cast<WorkerCell>(i));
    CHECK(info.metric.starts_with("finishline_"));
    CHECK_FALSE(info.help.empty());
    CHECK(info.metric.ends_with("_total") == (info.kind != MetricKind::gauge));
  }
  CHECK(info_of(ServerCell::service_us).metric == "finishline_server_service_seconds_total");
  CHECK(name_of(CloseReason::worker_died) == "worker_died");
}

TEST_CASE("a worker's status follows it from fork to death") {
  Office office;
  const Instant start{std::chrono::hours(1)};
  CHECK(worker_status(office.ledger, 3).state == WorkerState::none);
  worker_starting(office.ledger, 3, start);
  enter(office.ledger, 3, WorkerState::running);  // the child may be faster than its parent
  worker_forked(office.ledger, 3, 4242);
  beat(office.ledger, 3, start + 2s);
  const WorkerStatus status = worker_status(office.ledger, 3);
  CHECK(status.state == WorkerState::running);
  CHECK(name_of(status.state) == "running");
  CHECK(status.pid == 4242);
  CHECK(status.starts == 1);
  CHECK(status.started_at == start);
  CHECK(status.heartbeat_at == start + 2s);
  CHECK(status.deaths == 0);
  worker_died(office.ledger, 3);
  CHECK(worker_status(office.ledger, 3).deaths == 1);
  CHECK(worker_limit(office.ledger) == 4);
}
