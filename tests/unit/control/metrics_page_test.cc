#include "lb/control/metrics_page.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <sstream>
#include <string>

#include "tests/support/sample_snapshot.h"

using namespace finishline;
using namespace finishline::control;

namespace {

bool has_line(const std::string& page, const std::string& line) {
  return ("\n" + page).find("\n" + line + "\n") != std::string::npos;
}

/// The name of a sample line: up to labels or value.
std::string name_in(const std::string& line) { return line.substr(0, line.find_first_of("{ ")); }

/// Samples of a histogram say which of its numbers they are.
bool belongs(const std::string& name, const std::string& family, bool histogram) {
  if (!histogram) return name == family;
  return name == family + "_bucket" || name == family + "_sum" || name == family + "_count";
}

/// The value of the sample with this name and labels.
double value_of(const std::string& page, const std::string& sample) {
  const auto at = page.find("\n" + sample + " ");
  REQUIRE(at != std::string::npos);
  return std::stod(page.substr(at + sample.size() + 2));
}

}  // namespace

TEST_CASE("the metrics page tells how near a pool comes to the possible best, when that is known") {
  Snapshot all = sample_snapshot();
  CHECK_FALSE((metrics_page(all).find("\nfinishline_pool_makespan_ratio{") != std::string::npos));
  all.pools[0].performance = PoolPerformance{.busy = 1.25, .idle_share = 0.5};
  CHECK(has_line(metrics_page(all), "finishline_pool_makespan_ratio{pool=\"media\"} 1.25"));
  CHECK(has_line(metrics_page(all), "finishline_pool_idle_share{pool=\"media\"} 0.5"));
}

TEST_CASE("the metrics page tells what happened") {
  const std::string page = metrics_page(sample_snapshot());
  CHECK(has_line(page, "finishline_connections_accepted_total{worker=\"0\"} 3"));
  CHECK(has_line(page, "finishline_connections_closed_total{reason=\"bad_frame\"} 1"));
  CHECK(has_line(page, "finishline_pool_policy{pool=\"media\",policy=\"regret\",chosen=\"regret\"} 1"));
  CHECK(has_line(page, "finishline_pool_policy_changes_total{pool=\"media\"} 1"));
  CHECK(has_line(page, "finishline_requests_received_total{type=\"music\"} 1"));
  CHECK(has_line(page, "finishline_requests_answered_total{type=\"music\",status=\"server_lost\"} 1"));
  CHECK(has_line(page, "finishline_requests_answered_total{type=\"music\",status=\"ok\"} 0"));
  CHECK(has_line(page, "finishline_requests_rejected_total{status=\"unknown_type\"} 1"));
  CHECK(has_line(page, "finishline_server_up{server=\"video-1\"} 1"));
  CHECK(has_line(page, "finishline_server_up{server=\"music-1\"} 0"));
  CHECK(has_line(page, "finishline_server_finish_seconds{server=\"video-1\"} 0.0125"));
  CHECK(has_line(page, "finishline_server_backlog_seconds{server=\"video-1\"} 0.0125"));
  CHECK(has_line(page, "finishline_server_requests_in_flight{server=\"video-1\"} 1"));
  CHECK(has_line(page, "finishline_server_requests_served_total{server=\"video-1\",type=\"video\"} 1"));
  CHECK(
      has_line(page, "finishline_server_requests_failed_total{server=\"music-1\",status=\"server_lost\"} 1"));
  CHECK(has_line(page, "finishline_server_service_seconds_total{server=\"video-1\"} 1.5"));
  CHECK(has_line(page, "finishline_worker_starts_total{worker=\"0\"} 1"));
  CHECK(has_line(page, "finishline_workers_running 1"));
  CHECK(has_line(page, "finishline_worker_silent_seconds{worker=\"0\"} 0.25"));
  CHECK(has_line(page, "finishline_log_lines_lost_total 0"));
  CHECK(has_line(page, "finishline_stalled_total 0"));
  CHECK(has_line(page, "finishline_uptime_seconds 120"));
  CHECK(has_line(page, "finishline_process_cpu_seconds_total{process=\"worker-0\"} 1.5"));
  CHECK(has_line(page, "finishline_process_resident_bytes{process=\"worker-0\"} 8192000"));
  CHECK(has_line(page, "finishline_server_cpu_ratio{server=\"video-1\"} 0.125"));
  CHECK(has_line(page, "finishline_server_resident_bytes{server=\"video-1\"} 4096000"));
  CHECK(page.find("finishline_server_cpu_ratio{server=\"music-1\"}") == std::string::npos);
}

TEST_CASE("the metrics page has a server that nobody has reached yet as untried, not as up") {
  Snapshot all = sample_snapshot();
  CHECK(has_line(metrics_page(all), "finishline_server_state{server=\"video-1\",state=\"up\"} 1"));
  CHECK(has_line(metrics_page(all), "finishline_server_state{server=\"video-1\",state=\"untried\"} 0"));
  all.servers[0].untried = true;
  CHECK(has_line(metrics_page(all), "finishline_server_state{server=\"video-1\",state=\"up\"} 0"));
  CHECK(has_line(metrics_page(all), "finishline_server_state{server=\"video-1\",state=\"untried\"} 1"));
  CHECK(has_line(metrics_page(all), "finishline_server_up{server=\"video-1\"} 1"));  // it is given work
}

TEST_CASE("up is a server that is given work: by its help, its value, and what workers do") {
  for (std::size_t i = 0; i < ledger::kServerStates; ++i) {
    Snapshot all = sample_snapshot();
    all.servers[0].state = static_cast<ledger::ServerState>(i);
    const bool up = all.servers[0].state == ledger::ServerState::up ||
                    all.servers[0].state == ledger::ServerState::slow_start;
    CHECK(ledger::takes_work(all.servers[0].state) == up);
    CHECK(has_line(metrics_page(all),
                   std::string("finishline_server_up{server=\"video-1\"} ") + (up ? "1" : "0")));
  }
}

TEST_CASE("every sample stands below the one help and type line of its family") {
  std::istringstream page(metrics_page(sample_snapshot()));
  std::set<std::string> helped, typed;
  std::string current, type;
  for (std::string line; std::getline(page, line);) {
    std::istringstream words(line);
    std::string hash, what, name;
    if (line.starts_with("# ")) {
      words >> hash >> what >> name >> type;
      CHECK((what == "HELP" ? helped : typed).insert(name).second);
      current = name;
    } else {
      CHECK(belongs(name_in(line), current, type == "histogram"));
    }
  }
  CHECK(helped == typed);
  CHECK(helped.size() > 20);
}

TEST_CASE("a histogram's buckets rise to its count, and their bounds are bounds of ours") {
  const std::string page = metrics_page(sample_snapshot());
  const std::string name = "finishline_request_duration_seconds", video = "pool=\"media\",type=\"video\"";
  CHECK(value_of(page, name + "_count{" + video + "}") == 1);
  CHECK(value_of(page, name + "_sum{" + video + "}") == doctest::Approx(0.008).epsilon(0.016));
  CHECK(value_of(page, name + "_bucket{" + video + ",le=\"0.004194304\"}") == 0);
  CHECK(value_of(page, name + "_bucket{" + video + ",le=\"0.008388608\"}") == 1);
  CHECK(value_of(page, name + "_bucket{" + video + ",le=\"+Inf\"}") == 1);
  CHECK(has_line(page, "finishline_server_response_seconds_count{server=\"video-1\"} 1"));
  CHECK(page.find("finishline_server_response_seconds_count{server=\"music-1\"}") == std::string::npos);
  CHECK(page.find("finishline_service_seconds_count{pool=\"media\",type=\"music\"}") == std::string::npos);
}

TEST_CASE("a server name with quotes, backslashes and line ends stays one label") {
  const std::string page = metrics_page(sample_snapshot("a\"b\\c\nd"));
  CHECK(has_line(page, "finishline_server_up{server=\"a\\\"b\\\\c\\nd\"} 1"));
}

TEST_CASE("promtool has nothing to say against the metrics page, where it is installed") {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) return;
  std::FILE* promtool = ::popen("promtool check metrics >&2", "w");
  REQUIRE(promtool != nullptr);
  const std::string page = metrics_page(sample_snapshot());
  std::fwrite(page.data(), 1, page.size(), promtool);
  CHECK(::pclose(promtool) == 0);
}
