// Real clients and servers of other protocols, with a stream in between. What is not installed is left out.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/installed.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp one_server() {
  return {.servers = {{.name = "real", .played = Played::by_nobody}},
          .listeners = {{.mode = "stream"}},
          .workers = 2,
          .proxy_keys = "max_connections = 200\n"};
}

bool listens(ChildProcess& process, std::uint16_t port) {
  return wait_until([&] { return TcpPeer::can_connect(port) || !process.running(); }) && process.running();
}

/// What it printed; it must end well.
std::string output_of(const std::string& program, const std::vector<std::string>& arguments) {
  ChildProcess process(program, arguments);
  const auto exit = process.wait();
  const bool well = exit == Exit{0, 0};
  CHECK_MESSAGE(well, process.errors());
  return process.output();
}

}  // namespace

TEST_CASE("redis-cli and redis-benchmark through a stream to redis-server") {
  const std::string redis = installed("redis-server"), cli = installed("redis-cli"),
                    benchmark = installed("redis-benchmark");
  if (redis.empty() || cli.empty() || benchmark.empty()) return;
  ProxyUnderTest proxy(one_server());
  const TempDir dir;
  ChildProcess server(redis, {"--port", std::to_string(proxy.server_port("real")), "--bind", "127.0.0.1",
                              "--save", "", "--dir", dir.file("")});
  REQUIRE(listens(server, proxy.server_port("real")));
  const std::string port = std::to_string(proxy.port());
  CHECK(output_of(cli, {"-p", port, "set", "colour", "blue"}) == "OK\n");
  CHECK(output_of(cli, {"-p", port, "get", "colour"}) == "blue\n");
  const std::string report =
      output_of(benchmark, {"-p", port, "-t", "get,set", "-c", "20", "-n", "2000", "--csv"});
  CHECK_MESSAGE(report.find("\"GET\"") != std::string::npos, report);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("curl and wrk through a stream to nginx") {
  const std::string nginx = installed("nginx"), curl = installed("curl"), wrk = installed("wrk");
  if (nginx.empty() || curl.empty() || wrk.empty()) return;
  ProxyUnderTest proxy(one_server());
  const TempDir dir;
  std::string page(3'000'000, '\0');
  for (std::size_t i = 0; i < page.size(); ++i) page[i] = static_cast<char>('a' + i % 23);
  dir.write("page", page);
  dir.write("small", "hello");
  const std::string listen = "127.0.0.1:" + std::to_string(proxy.server_port("real"));
  const std::string file =
      dir.write("nginx.conf", "daemon off; user root; pid " + dir.file("pid") +
                                  "; error_log stderr crit; events {} http { access_log off; "
                                  "server { listen " +
                                  listen + "; root " + dir.file("") + "; } }");
  ChildProcess server(nginx, {"-e", "stderr", "-c", file, "-p", dir.file("")});
  REQUIRE_MESSAGE(listens(server, proxy.server_port("real")), server.errors());
  const std::string address = "http://127.0.0.1:" + std::to_string(proxy.port());
  CHECK((output_of(curl, {"-sS", address + "/page"}) == page));
  const std::string report = output_of(wrk, {"-t", "1", "-c", "10", "-d", "1s", address + "/small"});
  CHECK_MESSAGE(report.find("Requests/sec") != std::string::npos, report);
  CHECK_MESSAGE(report.find("errors") == std::string::npos, report);
  CHECK_MESSAGE(report.find("Non-2xx") == std::string::npos, report);
  CHECK(unrest_at_the_end(proxy) == "");
}
