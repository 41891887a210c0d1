// What the admin pages say of a proxy that has seen a bit of everything.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "tests/support/client_program.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// The value of a sample without labels, or of all labels together.
double total_of(const std::string& page, const std::string& metric) {
  double total = 0;
  for (std::size_t at = page.find('\n' + metric); at != std::string::npos;
       at = page.find('\n' + metric, at + 1)) {
    const char next = page[at + 1 + metric.size()];
    if (next == ' ' || next == '{') total += std::stod(page.substr(page.find(' ', at) + 1));
  }
  return total;
}

}  // namespace

TEST_CASE("the metrics page counts what the client saw, and promtool has nothing to say about it") {
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music"}}, .workers = 2});
  ClientProgram client(proxy, {"--requests", "200", "--length", "1..2"});
  client.check_perfect(200);
  TcpPeer bad = proxy.connect();
  REQUIRE(bad.send("GET / HTTP/1.0\r\n\r\n this is no frame at all"));
  CHECK(bad.closed());
  REQUIRE(unrest_at_the_end(proxy) == "");

  const TempDir dir;
  const HttpReply page = proxy.get("/metrics");
  CHECK(page.status == 200);
  CHECK(total_of(page.body, "finishline_server_requests_sent_total") == 200);
  CHECK(total_of(page.body, "finishline_requests_open") == 0);
  const std::string file = dir.write("metrics", page.body);
  if (std::system("command -v promtool >/dev/null") != 0) return;
  CHECK(std::system(("promtool check metrics <" + file).c_str()) == 0);
}

TEST_CASE("the metrics page tells what processes take, and what servers say that they take") {
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .workers = 2, .pool_keys = "check_interval = \"100ms\"\n"});
  ClientProgram client(proxy, {"--requests", "50"});
  client.check_perfect(50);
  std::string page;
  const auto resident = [&](const std::string& labels) {
    page = proxy.get("/metrics").body;
    return total_of(page, "finishline_" + labels);
  };
  CHECK(wait_until([&] { return resident("server_resident_bytes{server=\"video-1\"}") > 1'000'000; }));
  for (const char* process : {"master", "worker-0", "worker-1", "control"})
    CHECK(wait_until([&] {
      return resident("process_resident_bytes{process=\"" + std::string(process) + "\"}") > 1'000'000;
    }));
  CHECK(page.find("finishline_process_cpu_seconds_total{process=\"worker-0\"}") != std::string::npos);
  CHECK(page.find("finishline_server_cpu_ratio{server=\"video-1\"}") != std::string::npos);
}

TEST_CASE("finishline status prints a table of the servers, and fails where nothing listens") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music"}}});
  const std::string admin = "127.0.0.1:" + std::to_string(proxy.admin_port());
  const Outcome numbers = run("finishline", {"status", "--admin", admin, "--json"});
  CHECK(numbers.exit == Exit{0, 0});
  CHECK(numbers.output.find("\"uptime_s\":") != std::string::npos);
  const Outcome shown = run("finishline", {"status", "--admin", admin});
  CHECK(shown.exit == Exit{0, 0});
  for (const char* server : {"video-1", "music-1"}) CHECK(shown.output.find(server) != std::string::npos);
  proxy.stop();
  const Outcome gone = run("finishline", {"status", "--admin", admin});
  REQUIRE(gone.exit);
  CHECK(gone.exit->code != 0);
  CHECK(gone.output == "");
}
