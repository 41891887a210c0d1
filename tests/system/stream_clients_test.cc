// Real clients and servers of other protocols, with a stream in between. What is not installed is left out.
#include <doctest/doctest.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

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

/// PostgreSQL on a port, its data in a directory of its own; stopped in good order.
class Postgres {
 public:
  /// Where Debian keeps the programs; "" when there are none, which the test then tells.
  static std::string programs() {
    std::string found;
    std::error_code none;
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
      const std::string path = version.path().string() + "/bin/";
      if (::access((path + "postgres").c_str(), X_OK) == 0) found = std::max(found, path);
    }
    if (found.empty()) MESSAGE("postgresql is not installed: nothing was tried with it");
    return found;
  }

  Postgres(const std::string& programs, std::uint16_t port)
      : programs_(programs),
        port_(std::to_string(port)),
        process_(as_nobody(programs + "postgres", {"-D", make_data(), "-p", port_, "-h", "127.0.0.1", "-c",
                                                   "unix_socket_directories=", "-c", "fsync=off"})) {}
  ~Postgres() {
    process_.signal(SIGINT);
    process_.wait();
  }

  /// Waits until it takes queries; what it said, when it never does.
  std::string trouble() {
    const bool ready = wait_until([&] {
      ChildProcess question(programs_ + "pg_isready", {"-q", "-h", "127.0.0.1", "-p", port_});
      return question.wait() == Exit{0, 0} || !process_.running();
    });
    return ready && process_.running() ? "" : "it is not ready: " + process_.errors();
  }

 private:
  /// It refuses to be root.
  static ChildProcess as_nobody(const std::string& program, std::vector<std::string> arguments) {
    if (::getuid() != 0) return ChildProcess(program, arguments);
    const std::vector<std::string> change = {"--reuid=nobody", "--regid=nogroup", "--clear-groups",
                                             "--pdeathsig=KILL", program};
    arguments.insert(arguments.begin(), change.begin(), change.end());
    return ChildProcess(installed("setpriv"), arguments);
  }

  std::string make_data() const {
    const passwd* const nobody = ::getpwnam("nobody");
    REQUIRE(nobody != nullptr);
    if (::getuid() == 0) REQUIRE(::chown(dir_.file("").c_str(), nobody->pw_uid, nobody->pw_gid) == 0);
    ChildProcess initdb = as_nobody(programs_ + "initdb", {"-D", dir_.file("data"), "-U", "teller", "-A",
                                                           "trust", "--no-sync", "--locale=C"});
    const bool made = initdb.wait() == Exit{0, 0};
    REQUIRE_MESSAGE(made, initdb.errors());
    return dir_.file("data");
  }

  TempDir dir_;
  std::string programs_;
  std::string port_;
  ChildProcess process_;
};

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

TEST_CASE(
    "pgbench through a stream to PostgreSQL, with lasting connections and with one for each transaction") {
  const std::string programs = Postgres::programs();
  if (programs.empty()) return;
  ProxyUnderTest proxy(one_server());
  Postgres postgres(programs, proxy.server_port("real"));
  REQUIRE(postgres.trouble() == "");
  const auto run = [&](const std::string& name, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(),
                     {"-h", "127.0.0.1", "-p", std::to_string(proxy.port()), "-U", "teller"});
    arguments.push_back("postgres");
    return output_of(programs + name, arguments);
  };
  run("pgbench", {"-i", "-q"});
  const std::string lasting = run("pgbench", {"-n", "-c", "4", "-t", "50"});
  CHECK_MESSAGE(lasting.find("actually processed: 200/200") != std::string::npos, lasting);
  const std::string one_each = run("pgbench", {"-n", "-C", "-c", "4", "-t", "10"});
  CHECK_MESSAGE(one_each.find("actually processed: 40/40") != std::string::npos, one_each);
  const std::string books =
      "select count(*), sum(delta) = (select sum(bbalance) from pgbench_branches) from pgbench_history";
  CHECK(run("psql", {"-X", "-A", "-t", "-c", books}) == "240|t\n");
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a server is connected to from the addresses that are its sources, in turn") {
  const std::string nginx = installed("nginx"), curl = installed("curl");
  if (nginx.empty() || curl.empty()) return;
  SetUp set_up = one_server();
  set_up.workers = 1;
  set_up.proxy_keys += "seccomp = true\n";
  set_up.servers[0].keys = "source = [\"127.0.0.7\", \"127.0.0.8\"]\n";
  ProxyUnderTest proxy(std::move(set_up));
  const TempDir dir;
  const std::string listen = "127.0.0.1:" + std::to_string(proxy.server_port("real"));
  const std::string file =
      dir.write("nginx.conf", "daemon off; user root; pid " + dir.file("pid") +
                                  "; error_log stderr crit; events {} http { access_log off; server "
                                  "{ listen " +
                                  listen + "; return 200 '$remote_addr '; } }");
  ChildProcess server(nginx, {"-e", "stderr", "-c", file, "-p", dir.file("")});
  REQUIRE_MESSAGE(listens(server, proxy.server_port("real")), server.errors());
  std::string callers;
  for (int i = 0; i < 4; ++i)
    callers += output_of(curl, {"-sS", "http://127.0.0.1:" + std::to_string(proxy.port())});
  const bool in_turn = callers == "127.0.0.7 127.0.0.8 127.0.0.7 127.0.0.8 " ||
                       callers == "127.0.0.8 127.0.0.7 127.0.0.8 127.0.0.7 ";
  CHECK_MESSAGE(in_turn, callers);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a server is told by the PROXY protocol whose connection it has") {
  const std::string nginx = installed("nginx"), curl = installed("curl");
  if (nginx.empty() || curl.empty()) return;
  SetUp set_up = one_server();
  set_up.servers.clear();
  set_up.listeners.clear();
  for (const std::string version : {"v1", "v2"}) {
    set_up.servers.push_back({.name = version,
                              .keys = "send_proxy = \"" + version + "\"\n",
                              .pool = version,
                              .played = Played::by_nobody});
    set_up.listeners.push_back({.name = version, .mode = "stream", .pool = version});
  }
  ProxyUnderTest proxy(std::move(set_up));
  const TempDir dir;
  const auto listen = [&](const std::string& version) {
    return "listen 127.0.0.1:" + std::to_string(proxy.server_port(version)) + " proxy_protocol; ";
  };
  const std::string file =
      dir.write("nginx.conf", "daemon off; user root; pid " + dir.file("pid") +
                                  "; error_log stderr crit; events {} http { access_log off; server { " +
                                  listen("v1") + listen("v2") +
                                  "return 200 '$proxy_protocol_addr:$proxy_protocol_port "
                                  "$proxy_protocol_server_addr:$proxy_protocol_server_port\n'; } }");
  ChildProcess server(nginx, {"-e", "stderr", "-c", file, "-p", dir.file("")});
  for (const std::string version : {"v1", "v2"}) {
    CAPTURE(version);
    REQUIRE_MESSAGE(listens(server, proxy.server_port(version)), server.errors());
    const std::string own_view = "%{local_ip}:%{local_port} %{remote_ip}:%{remote_port}\n";
    const std::string both =
        output_of(curl, {"-sS", "-w", own_view, "http://127.0.0.1:" + std::to_string(proxy.port(version))});
    CHECK(both.size() > 40);
    CHECK(both.substr(0, both.size() / 2) == both.substr(both.size() / 2));
  }
  CHECK(unrest_at_the_end(proxy) == "");
}
