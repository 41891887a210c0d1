// The examples beside the sample configuration: they can be run as they are, and do what they say.
#include <doctest/doctest.h>

#include <string>

#include "lb/config/config.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

const std::string kDatabase = "lb/examples/database.toml";
const std::string kContainer = "lb/examples/container/finishline.toml";
const std::string kTaskQueue = "lb/examples/task-queue.toml";

/// The work of an example, on free ports.
SetUp with_work_of(const std::string& example, std::string work) {
  const auto server = [&](const char* name, const char* type) {
    return ServerPart{.name = name, .type = type, .flags = {"--cost", example}};
  };
  return {.servers = {server("primary", "primary"), server("replica-1", "replica"),
                      server("replica-2", "replica")},
          .unit = "100us",
          .work_keys = std::move(work)};
}

void ask(TcpPeer& client, char type, int times) {
  for (int id = 0; id < times; ++id) {
    REQUIRE(client.send_frame({.type = type, .id = static_cast<std::uint64_t>(id), .length = 5}));
  }
  for (int n = 0; n < times; ++n) {
    const auto reply = client.read_frame();
    REQUIRE(reply);
    CHECK(reply->status() == proto::Status::ok);
  }
}

}  // namespace

TEST_CASE("the examples are configurations that can be run") {
  for (const std::string& example : {kDatabase, kTaskQueue, kContainer}) {
    CAPTURE(example);
    CHECK(std::holds_alternative<config::Config>(config::load(example)));
  }
}

TEST_CASE("no write ever reaches a replica, and reads go to all servers") {
  ProxyUnderTest proxy(with_work_of(kDatabase,
                                    "types = { read = \"R\", write = \"W\" }\n"
                                    "[cost.primary]\nread = 1\nwrite = 2\n"
                                    "[cost.replica]\nread = 1\n"));
  TcpPeer client = proxy.connect();
  ask(client, 'W', 40);
  CHECK(stats_of(proxy).server("primary").sent == 40);
  CHECK(stats_of(proxy).server("replica-1").sent == 0);
  CHECK(stats_of(proxy).server("replica-2").sent == 0);

  ask(client, 'R', 60);
  for (const char* server : {"replica-1", "replica-2"}) CHECK(stats_of(proxy).server(server).sent > 0);

  proxy.server("primary").kill();
  REQUIRE(wait_until([&] { return stats_of(proxy).server("primary").links_up == 0; }));
  REQUIRE(client.send_frame({.type = 'W', .id = 1, .length = 1}));
  CHECK(client.read_frame()->status() == proto::Status::no_server);  // rather than a write where none may be
  ask(client, 'R', 10);
}
