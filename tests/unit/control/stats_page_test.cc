#include "lb/control/stats_page.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "lb/cli/costs_command.h"
#include "lb/cli/status_command.h"
#include "proto/version.h"
#include "tests/support/sample_snapshot.h"

using namespace finishline;
using namespace finishline::control;
using nlohmann::json;

TEST_CASE("the stats page tells what happened") {
  const json page = json::parse(stats_page(sample_snapshot()));
  CHECK(page["version"] == version());
  CHECK(page["uptime_s"] == 120.0);
  CHECK(page["connections"] ==
        json::parse(R"({"accepted": 3, "open": 1, "closed": {"client_closed": 1, "bad_frame": 1}})"));
  CHECK(page["requests"]["received"] == 2);
  CHECK(page["requests"]["answered"] == 2);
  CHECK(page["requests"]["by_type"]["music"] ==
        json::parse(R"({"received": 1, "answered": {"server_lost": 1}, "abandoned": 0})"));
  CHECK(page["requests"]["rejected"] == json::parse(R"({"unknown_type": 1})"));
  const json& worker = page["workers"][0];
  CHECK(worker["pid"] == 4242);
  CHECK(worker["state"] == "running");
  CHECK(worker["requests"] == 2);
  CHECK(worker["connections_open"] == 1);
  const json& video = page["servers"][0];
  CHECK(video["name"] == "video-1");
  CHECK(video["number"] == 0);
  CHECK(video["finish_ms"] == 12.5);
  CHECK(video["backlog_ms"] == 12.5);
  CHECK(video["in_flight"] == 1);
  CHECK(video["done"] == json::parse(R"({"video": 1, "music": 0})"));
  CHECK(page["servers"][1]["state"] == "down");
  CHECK(page["servers"][1]["address"] == "[::1]:9003");
  CHECK(page["servers"][1]["backup"] == true);
  CHECK(video["backup"] == false);
  CHECK(page["servers"][1]["reason"] == "connection refused");
  CHECK(video["reason"] == "");
  CHECK(worker["silent_ms"] == 250.0);
  CHECK(page["stalled"] == 0);
  CHECK(page["log_lines_lost"] == 0);
  CHECK(page["servers"][1]["failed"] == json::parse(R"({"server_lost": 1})"));
}

TEST_CASE("quantiles are numbers where something was seen, and null where nothing was") {
  const json page = json::parse(stats_page(sample_snapshot()));
  const json& video = page["pools"][0]["latencies"]["video"];
  CHECK(video["duration"]["count"] == 1);
  CHECK(video["duration"]["p50_ms"].get<double>() == doctest::Approx(8).epsilon(0.016));
  CHECK(video["waiting"]["p95_ms"].get<double>() == doctest::Approx(3).epsilon(0.016));
  CHECK(video["service"]["p99_ms"].get<double>() == doctest::Approx(4).epsilon(0.016));
  CHECK(page["pools"][0]["latencies"]["music"]["service"] ==
        json::parse(R"({"count": 0, "p50_ms": null, "p95_ms": null, "p99_ms": null})"));
  CHECK(page["servers"][0]["response"]["p50_ms"].get<double>() == doctest::Approx(5).epsilon(0.016));
  CHECK(page["servers"][1]["response"]["p50_ms"].is_null());
}

TEST_CASE("processes tell what they take, and servers what they say") {
  const json page = json::parse(stats_page(sample_snapshot()));
  CHECK(
      page["processes"][0] ==
      json::parse(
          R"({"process": "worker-0", "pid": 4242, "cpu_s": 1.5, "cpu_percent": 12.5, "resident_bytes": 8192000})"));
  CHECK(page["servers"][0]["process"] == json::parse(R"({"cpu_percent": 12.5, "resident_bytes": 4096000})"));
  CHECK(page["servers"][1]["process"].is_null());
}

TEST_CASE("a server name that is no text still makes a page") {
  const json page = json::parse(stats_page(sample_snapshot("\xff\xfe")), nullptr, false);
  CHECK_FALSE(page.is_discarded());
}

TEST_CASE("the status table has a line per server and worker, in human units") {
  const std::string table = cli::status_table(stats_page(sample_snapshot()));
  CHECK(table.find("up 2 min 0 s") != std::string::npos);
  CHECK(table.find("video-1  video  up") != std::string::npos);
  CHECK(table.find("media  video         1") != std::string::npos);
  CHECK(table.find("nan") == std::string::npos);
  CHECK(table.find("null") == std::string::npos);
  CHECK(table.find("music-1  music  down, backup") != std::string::npos);
  CHECK(table.find("video-1  video  up, backup") == std::string::npos);
  CHECK(table.find("12.5 ms") != std::string::npos);
  CHECK(table.find("server_lost 1") != std::string::npos);
  CHECK(table.find("\nmusic-1 at [::1]:9003 is down: connection refused\n") != std::string::npos);
  CHECK(table.find("5.0 MiB") != std::string::npos);
  CHECK(table.find("\ndoor      up        1         1        0         0         0 B  0 B\n") !=
        std::string::npos);
  CHECK(table.find("uncounted") == std::string::npos);
  CHECK(table.find("1 open, 3 accepted; closed: client_closed 1, bad_frame 1") != std::string::npos);
}

TEST_CASE("bytes are in from clients and out to them in the tables of servers and listeners alike") {
  Snapshot all = sample_snapshot();
  ServerSnapshot& web = all.servers[0];
  web.kind = ledger::ServerKind::streams;
  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 1}));
  const ledger::ServerId id = *ledger.ensure_server("web-1", 1);
  ledger::WorkerMetrics(ledger, 0).add(id, ledger::ServerCell::stream_bytes_in, 1000);
  for (std::size_t i = 0; i < ledger::kServerCells; ++i)
    web.counters[i] = ledger::MetricsReader(ledger).total(id, static_cast<ledger::ServerCell>(i));
  all.listeners[0].totals = ledger::ListenerTotals{.stream_bytes_in = 1000};
  const json page = json::parse(stats_page(all));
  CHECK(page["servers"][0]["stream_bytes_in"] == 1000);
  CHECK(page["listeners"][0]["bytes_in"] == 1000);
  const std::string table = cli::status_table(page.dump());
  CHECK(table.find("1000 B  0 B\n") != table.rfind("1000 B  0 B\n"));  // in both, and nowhere the other way
  CHECK(table.find("0 B  1000 B\n") == std::string::npos);
}

TEST_CASE("a server that nobody has reached yet is untried") {
  Snapshot all = sample_snapshot();
  all.servers[0].untried = true;
  const std::string page = stats_page(all);
  CHECK(json::parse(page)["servers"][0]["state"] == "untried");
  CHECK(cli::status_table(page).find("video-1  video  untried") != std::string::npos);
}

namespace {

/// A page on which the pool of video-1 watches what its requests cost.
std::string watching_page() {
  Snapshot all = sample_snapshot();
  all.servers[0].learn = "watch";
  all.servers[0].costs = {{.declared = 1e6,
                           .learned = 3e6,
                           .sd = 0.05,
                           .samples = 231,
                           .updated_at = all.taken_at - 12ms,
                           .doubted = false},
                          {.declared = 0, .learned = 0}};
  return stats_page(all);
}

}  // namespace

TEST_CASE("the stats page tells what requests cost where that is learned") {
  const json page = json::parse(watching_page());
  CHECK(page["servers"][0]["learn"] == "watch");
  CHECK(page["servers"][0]["costs"]["video"] ==
        json::parse(R"({"declared_ms": 1.0, "learned_ms": 3.0, "ratio": 3.0, "sd": 0.05, "samples": 231,
                        "doubted": false, "age_ms": 12.0})"));
  CHECK(page["servers"][0]["costs"].size() == 1);  // what it cannot do costs nothing
  CHECK_FALSE(page["servers"][1].contains("costs"));
}

TEST_CASE("the table of costs has what is declared beside what was learned") {
  const std::string table = cli::costs_table(watching_page());
  CHECK(table.find("DECLARED") != std::string::npos);
  CHECK(table.find("video-1               watch  video                   1 ms            3 ms    3.00") !=
        std::string::npos);
  CHECK(table.find("music-1") == std::string::npos);
  CHECK(cli::costs_table(stats_page(sample_snapshot())).starts_with("no pool learns its costs"));
  CHECK(cli::costs_table("{}").empty());
  const json row = cli::costs_json(watching_page()).at(0);
  CHECK(row["server"] == "video-1");
  CHECK(row["costs"]["video"]["samples"] == 231);
}

TEST_CASE("what is no stats page makes no table") {
  CHECK(cli::status_table("").empty());
  CHECK(cli::status_table("<html>").empty());
  CHECK(cli::status_table("{}").empty());
  CHECK(cli::status_table(R"({"version": "1", "uptime_s": "soon", "servers": 3})").empty());
}
