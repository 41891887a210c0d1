// The disk of state_dir is full: no history is kept, which is told once; everything else goes on, and history
// comes back when there is room.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/client_program.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/small_disk.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// As the page is told.
nlohmann::json history_of(const ProxyUnderTest& proxy) {
  return nlohmann::json::parse(proxy.get("/api/v1/live").body).at("history");
}

void serves(const ProxyUnderTest& proxy) {
  ClientProgram client(proxy, {"--requests", "50", "--mix", "video=1"});
  client.check_perfect(50);
  CHECK(proxy.get("/readyz").status == 200);
}

}  // namespace

TEST_CASE("a full disk costs the history alone, is told once, and history comes back with the room") {
  const SmallDisk disk;
  if (!disk.mounted()) {
    MESSAGE("nothing was tried: only root may mount a disk that is full");
    return;
  }
  disk.fill();
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .proxy_keys = "state_dir = \"" + disk.path() + "\"\n"});
  REQUIRE(proxy.wait_for_log(" history_failed "));
  CHECK(wait_until([&] { return history_of(proxy).at("disk") == false; }));
  CHECK(history_of(proxy).at("note").get<std::string>().find("history.db") != std::string::npos);
  serves(proxy);

  disk.empty();
  REQUIRE(proxy.wait_for_log(" history_kept"));
  CHECK(wait_until([&] { return history_of(proxy).at("disk") == true; }));
  CHECK(proxy.logged(" history_failed ") == 1);

  disk.fill();  // before anything was written
  REQUIRE(proxy.wait_for_log(" history_failed ", 2));
  CHECK(proxy.log().find("database or disk is full") != std::string::npos);
  serves(proxy);
  disk.empty();
  REQUIRE(proxy.wait_for_log(" history_kept", 2));
  CHECK(proxy.logged(" history_failed ") == 2);
  CHECK(proxy.stop() == Exit{0, 0});
}
