// `finishline reload --dry-run` tells what a reload would change, and changes nothing; `finishline upgrade`
// does what SIGUSR2 does, and waits.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

std::string token_in(const TempDir& dir) {
  const std::string file = dir.write("token", "a-token-of-this-test\n");
  std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  return file;
}

SetUp set_up_of(const TempDir& dir) {
  return {.servers = {{.name = "video-1"}, {.name = "video-2"}},
          .workers = 1,
          .proxy_keys = "admin_token_file = \"" + token_in(dir) + "\"\n"};
}

Outcome ask(const ProxyUnderTest& proxy, std::vector<std::string> words) {
  words.insert(words.end(), {"-c", proxy.config_file()});
  return run("finishline", words);
}

Outcome rehearsal(const ProxyUnderTest& proxy) { return ask(proxy, {"reload", "--dry-run"}); }

}  // namespace

TEST_CASE("a dry run tells of servers and keys, and who would take them") {
  const TempDir dir;
  ProxyUnderTest proxy(set_up_of(dir));
  CHECK(rehearsal(proxy).output == "nothing would change; certificates and tokens are read anew\n");

  SetUp other = set_up_of(dir);
  other.servers = {{.name = "video-1", .keys = "weight = 3.0\n"}, {.name = "video-3"}};
  proxy.rewrite(other);
  const Outcome told = rehearsal(proxy);
  CHECK(told.exit == Exit{0, 0});
  CHECK(told.output ==
        "~ server video-1: weight 1.0 -> 3.0\n+ server video-3: pool \"media\", type "
        "\"video\", address \"127.0.0.1:" +
            std::to_string(proxy.server_port("video-3")) +
            "\"\n- server video-2\nthe running workers would take it\n");
  const auto json = nlohmann::json::parse(ask(proxy, {"reload", "--dry-run", "--json"}).output);
  CHECK(json["outcome"] == "same workers");
  CHECK(json["changes"].size() == 3);
  CHECK(json["changes"][1]["keys"]["name"] == "video-3");
  CHECK(proxy.logged(" reloading ") == 0);
  CHECK(proxy.get("/servers").body.find("video-3") == std::string::npos);

  CHECK(ask(proxy, {"reload"}).exit == Exit{0, 0});
  CHECK(rehearsal(proxy).output == "nothing would change; certificates and tokens are read anew\n");
}

TEST_CASE("a dry run says where new workers would be needed, and what no reload can do") {
  const TempDir dir;
  ProxyUnderTest proxy(set_up_of(dir));
  SetUp other = set_up_of(dir);
  other.workers = 2;
  proxy.rewrite(other);
  const Outcome renewed = rehearsal(proxy);
  CHECK(renewed.output.starts_with("~ proxy: workers 1 -> 2\nnew workers would take it"));

  other.proxy_keys += "max_sources = 70000\n";
  proxy.rewrite(other);
  const Outcome refused = rehearsal(proxy);
  CHECK(refused.exit == Exit{1, 0});
  CHECK(refused.output.empty());
  CHECK(refused.errors.find("proxy.max_sources") != std::string::npos);
  CHECK(refused.errors.find("restart the proxy") != std::string::npos);
  CHECK(proxy.logged(" reload_refused ") == 0);
}

TEST_CASE("a dry run keeps what was changed while the proxy runs") {
  const TempDir dir;
  ProxyUnderTest proxy(set_up_of(dir));
  REQUIRE(http_send(proxy.admin_port(), "PATCH", "/api/v1/servers/video-1", R"({"weight": 2.5})",
                    "a-token-of-this-test")
              .status == 200);
  CHECK(rehearsal(proxy).output == "nothing would change; certificates and tokens are read anew\n");
}

TEST_CASE("an upgrade that is asked for is waited for, and one that is refused says why") {
  const TempDir dir;
  ProxyUnderTest proxy(set_up_of(dir));
  const Outcome done = ask(proxy, {"upgrade"});
  CHECK(done.exit == Exit{0, 0});
  CHECK(done.output.starts_with("revision 2 is in force"));
  CHECK(proxy.logged(" taken_over ") == 1);

  const std::string good = dir.file("good.toml");
  std::filesystem::copy_file(proxy.config_file(), good);
  std::ofstream(proxy.config_file(), std::ios::app) << "[no_such_section]\n";
  const Outcome refused = run("finishline", {"upgrade", "-c", good, "--json"});
  CHECK(refused.exit == Exit{1, 0});
  CHECK(nlohmann::json::parse(refused.output)["outcome"] == "refused");
  CHECK(refused.errors.find("the upgrade was refused and changed nothing") != std::string::npos);
  CHECK(proxy.logged(" taken_over ") == 1);
}
