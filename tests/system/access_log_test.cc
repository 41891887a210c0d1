// The access log of a whole proxy: written by all workers under their filter of system calls, and moved away.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/client_program.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/tcp_peer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

std::vector<nlohmann::json> lines_of(const std::string& text) {
  std::vector<nlohmann::json> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(nlohmann::json::parse(line));
  return all;
}

}  // namespace

TEST_CASE("every request has a line with its client, also from the file after the one that was moved away") {
  const TempDir dir;
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}},
                        .workers = 2,
                        .proxy_keys = "seccomp = true\n",
                        .log_keys = "access = \"" + dir.file("access") + "\"\naccess_share = 1\n"});
  ClientProgram(proxy, {"--requests", "100"}).check_perfect(100);
  const auto lines = lines_of(dir.read("access"));
  CHECK(lines.size() == 100);
  for (const auto& line : lines) {
    CHECK(line["listener"] == "media");
    CHECK(line["client"].get<std::string>().starts_with("127."));
    CHECK(line["server"] == "video-1");
    CHECK(line["status"] == "ok");
  }
  std::filesystem::rename(dir.file("access"), dir.file("access.1"));
  proxy.process().signal(SIGUSR1);
  REQUIRE(wait_until([&] { return std::filesystem::exists(dir.file("access")); }));
  ClientProgram(proxy, {"--requests", "100"}).check_perfect(100);
  CHECK(lines_of(dir.read("access")).size() + lines_of(dir.read("access.1")).size() == 200);
  ClientProgram(proxy, {"--requests", "50"}).check_perfect(50);
  CHECK(lines_of(dir.read("access")).size() >= 50);
}

TEST_CASE("a stream has a line when it has ended, and one that found no server has it as an error") {
  const TempDir dir;
  ProxyUnderTest proxy({.servers = {{.name = "echo-1", .played = Played::by_nobody}},
                        .listeners = {{.mode = "stream"}},
                        .workers = 1,
                        .proxy_keys = "max_connections = 200\n",
                        .log_keys = "access = \"" + dir.file("access") + "\"\naccess_share = 1\n"});
  {
    TcpHost host(proxy.server_port("echo-1"));
    TcpPeer client = proxy.connect();
    TcpPeer served = host.accept();
    client.send("question");
    CHECK(served.read(8) == "question");
    served.send("a long answer");
    CHECK(client.read(13) == "a long answer");
  }
  REQUIRE(wait_until([&] { return lines_of(dir.read("access")).size() == 1; }));
  const nlohmann::json good = lines_of(dir.read("access")).at(0);
  CHECK(good["server"] == "echo-1");
  CHECK(good["bytes_in"] == 8);
  CHECK(good["bytes_out"] == 13);
  CHECK(good["attempts"] == 1);
  CHECK(good["told"] == "share");
  CHECK_FALSE(good.contains("type"));

  proxy.connect().read_all();  // nobody listens there any more
  REQUIRE(wait_until([&] { return lines_of(dir.read("access")).size() == 2; }));
  const nlohmann::json bad = lines_of(dir.read("access")).at(1);
  CHECK(bad["server"] == "");
  CHECK(bad["ended"] == "no_server");
  CHECK(bad["told"] == "error");
  CHECK(bad["attempts"] == 3);
}

TEST_CASE("the line of a request whose client has gone has its address, that of a lost one its server") {
  const TempDir dir;
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}},
                        .workers = 1,
                        .unit = "10s",
                        .log_keys = "access = \"" + dir.file("access") + "\"\naccess_share = 1\n"});
  const auto lines = [&] { return lines_of(dir.read("access")); };
  const auto under_way = [&](std::int64_t sent) {
    return wait_until([&] { return stats_of(proxy).server("video-1").sent == sent; });
  };
  TcpPeer gone = proxy.connect();
  gone.send_frame({.type = 'V', .id = 1, .length = 1});
  REQUIRE(under_way(1));
  gone.reset();
  REQUIRE(wait_until([&] { return lines().size() == 1; }));
  CHECK(lines()[0]["status"] == "cancelled");
  CHECK(lines()[0]["listener"] == "media");
  CHECK(lines()[0]["client"].get<std::string>().starts_with("127."));

  TcpPeer client = proxy.connect();
  client.send_frame({.type = 'V', .id = 2, .length = 1});
  REQUIRE(under_way(2));
  proxy.server("video-1").kill();
  REQUIRE(wait_until([&] { return lines().size() == 2; }));
  CHECK(lines()[1]["status"] == "server_lost");
  CHECK(lines()[1]["server"] == "video-1");
  CHECK(lines()[1]["attempts"] == 1);
  CHECK(lines()[1]["waiting_ms"].get<double>() < lines()[1]["total_ms"].get<double>());
}
