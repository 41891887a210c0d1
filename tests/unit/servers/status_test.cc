#include "servers/status.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

using namespace finishline;
using namespace finishline::server;

namespace {

ServerStatus sample() {
  ServerStatus status{.type = "video", .slots = 2, .connections = 1, .queued = 3, .backlog = 1500ms};
  status.uptime = 2s;
  status.usage = {.cpu = 250ms, .resident_bytes = 4096'000};
  status.cpu_ratio = 0.125;
  status.received = 10;
  status.answered[0] = 6;
  status.answered[7] = 1;
  return status;
}

}  // namespace

TEST_CASE("a server's metrics tell what it takes and what it has done") {
  const std::string page = "\n" + metrics_of(sample());
  for (const char* line :
       {"process_cpu_seconds_total 0.25", "process_resident_memory_bytes 4096000",
        "reference_server_requests_total 10", "reference_server_answers_total{status=\"ok\"} 6",
        "reference_server_answers_total{status=\"overloaded\"} 1", "reference_server_backlog_seconds 1.5"})
    CHECK(page.find("\n" + std::string(line) + "\n") != std::string::npos);
}

TEST_CASE("promtool has nothing to say against a server's metrics, where it is installed") {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) return;
  std::FILE* promtool = ::popen("promtool check metrics >&2", "w");
  REQUIRE(promtool != nullptr);
  const std::string page = metrics_of(sample());
  std::fwrite(page.data(), 1, page.size(), promtool);
  CHECK(::pclose(promtool) == 0);
}

TEST_CASE("a server's sentence and data are for people who try it out") {
  CHECK(sentence_of(sample()).find("A video server, up 2.000 s: 10 requests so far") == 0);
  const auto data = nlohmann::json::parse(data_of(Options{}));
  CHECK(data["server_type"] == "video");
  CHECK(data["ms_per_unit"]["music"] == 2.0);
}

TEST_CASE("what a pong says is what the status says") {
  CHECK(vitals_of(sample()) == proto::ServerVitals{.cpu_percent = 12.5,
                                                   .memory_bytes = 4096'000,
                                                   .slots = 2,
                                                   .backlog_us = 1'500'000,
                                                   .cancel = true});
}
