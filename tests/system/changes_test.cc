// Changes over the API: servers added, changed and removed under load, kept over a restart, exported.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

constexpr const char* kToken = "a-token-for-these-tests";

/// A proxy whose changes are kept, with an admin token.
struct Changeable {
  Changeable()
      : token(dir.write("token", kToken)),
        ready(prepare()),
        proxy({.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music"}, {.name = "spare"}},
               .proxy_keys =
                   "admin_token_file = \"" + token + "\"\nstate_dir = \"" + dir.file("state") + "\"\n"}) {}

  nlohmann::json send(const std::string& method, const std::string& path, const std::string& body = "") {
    const HttpReply reply = http_send(proxy.admin_port(), method, "/api/v1" + path, body, kToken);
    status = reply.status;
    return nlohmann::json::parse(reply.body, nullptr, false);
  }
  std::string spare() const { return "127.0.0.1:" + std::to_string(proxy.server_port("spare")); }
  std::string new_server() const {
    return R"({"name": "video-9", "pool": "media", "type": "video", "address": ")" + spare() + "\"}";
  }
  /// Which server a request went to.
  bool serves(int requests) {
    TcpPeer client = proxy.connect();
    for (int i = 1; i <= requests; ++i) {
      client.send_frame({.type = 'V', .id = static_cast<std::uint64_t>(i), .length = 1});
      const auto reply = client.read_frame();
      if (!reply || reply->status() != proto::Status::ok) return false;
    }
    return true;
  }

  bool prepare() const {
    return ::chmod(token.c_str(), 0600) == 0 && ::mkdir(dir.file("state").c_str(), 0700) == 0;
  }

  TempDir dir;
  std::string token;
  bool ready;
  ProxyUnderTest proxy;
  int status = 0;
};

}  // namespace

TEST_CASE("a weight is changed while the proxy runs, judged as in the file, and told to the audit") {
  Changeable it;
  const auto changed = it.send("PATCH", "/servers/video-1", R"({"weight": 2.5})");
  CHECK(it.status == 200);
  CHECK(changed["weight"] == 2.5);
  CHECK(changed["was"]["weight"] == 1.0);
  CHECK(changed["survives_restart"] == true);
  CHECK(changed["revision"] == 2);
  const auto again = it.send("PATCH", "/servers/video-1", R"({"weight": 2.5})");
  CHECK(again["revision"] == 2);  // it is so already
  const auto wrong = it.send("PATCH", "/servers/video-1", R"({"weight": -1})");
  CHECK(it.status == 400);
  CHECK(wrong["error"]["pointer"] == "/weight");
  CHECK(wrong["error"]["message"] == "the integer -1 is out of range; use a number from 0 to 1000");
  it.send("PATCH", "/servers/nobody", R"({"weight": 1})");
  CHECK(it.status == 404);
  CHECK(http_send(it.proxy.admin_port(), "PATCH", "/api/v1/servers/video-1", R"({"weight": 3})", "").status ==
        401);
  const auto audit = it.send("GET", "/audit")["entries"];
  CHECK(audit[0]["action"] == "PATCH /api/v1/servers/video-1");
  CHECK(audit[0]["before"]["weight"] == 2.5);
  CHECK(audit[1]["before"]["weight"] == 1.0);
  CHECK(audit[1]["survives"] == true);
}

TEST_CASE(
    "wrong values are told with where they stand, removing twice is no mistake, and policies are audited") {
  Changeable it;
  CHECK(it.send("PUT", "/pools/media/policy", R"({"policy": "none"})")["error"]["pointer"] == "/policy");
  CHECK(it.status == 400);
  CHECK(it.send("PUT", "/servers/video-1/state", R"({"state": "off"})")["error"]["pointer"] == "/state");
  CHECK(it.send("PUT", "/pools/media/policy", R"({"policy": "regret"})")["was"]["policy"] == "makespan");
  CHECK(it.send("GET", "/audit")["entries"][0]["before"]["policy"] == "makespan");
  CHECK(it.send("DELETE", "/servers/spare")["was"]["name"] == "spare");
  const auto again = it.send("DELETE", "/servers/spare");
  CHECK(it.status == 200);
  CHECK(again["state"] == "absent");
  CHECK(again["was"].is_null());
}

TEST_CASE("a server is added and removed, and no request is lost over it") {
  Changeable it;
  it.send("DELETE", "/servers/spare");
  CHECK(it.status == 200);
  CHECK(it.send("POST", "/servers", it.new_server())["name"] == "video-9");
  CHECK(it.status == 201);
  it.send("POST", "/servers", it.new_server());
  CHECK(it.status == 201);  // the same again
  it.send("POST", "/servers", R"({"name": "video-9", "pool": "media", "type": "music"})");
  CHECK(it.status == 409);
  CHECK(it.send("POST", "/servers", R"({"name": "x", "pool": "nowhere"})")["error"]["pointer"] == "/pool");
  it.send("DELETE", "/servers/video-1");
  CHECK(it.status == 200);
  CHECK(it.serves(20));
  it.send("DELETE", "/servers/music-1");
  CHECK(it.status == 200);
  it.send("DELETE", "/servers/video-9");
  CHECK(it.status == 400);  // the pool would be empty
  CHECK(it.serves(20));
}

TEST_CASE("costs and limits are changed, and refused where they make no sense") {
  Changeable it;
  const auto costs = it.send("PUT", "/pools/media/costs", R"({"video": {"music": 2.5}})");
  CHECK(it.status == 200);
  CHECK(costs["costs"]["video"]["music"] == 2.5);
  CHECK(costs["was"]["video"]["music"] == 2.0);
  CHECK(it.send("PUT", "/pools/media/costs", R"({"video": {"musik": 2}})")["error"]["pointer"] ==
        "/video/musik");
  CHECK(it.send("PUT", "/pools/media/costs", R"({"vidio": {"music": 2}})")["error"]["pointer"] == "/vidio");
  CHECK(it.send("PATCH", "/listeners/media", R"({"max_connections": 70})")["max_connections"] == 70);
  CHECK(it.send("PATCH", "/pools/media", R"({"max_backlog": "2s"})")["max_backlog"] == "2s");
  CHECK(it.send("PATCH", "/pools/media", R"({"max_backlog": "soon"})")["error"]["pointer"] == "/max_backlog");
  CHECK(it.serves(5));
}

TEST_CASE("changes outlive a reload and a restart, are exported as a file, and can be forgotten") {
  Changeable it;
  it.send("PATCH", "/servers/video-1", R"({"weight": 2.5})");
  it.send("DELETE", "/servers/spare");
  it.proxy.process().signal(SIGHUP);
  REQUIRE(it.proxy.wait_for_log(" reloaded revision=4 "));
  CHECK(it.send("GET", "/changes")["changes"]["removed"][0] == "spare");
  const std::string exported = run("finishline", {"config", "export", "-c", it.proxy.config_file()}).output;
  CHECK(exported.find("weight = 2.5\n") != std::string::npos);
  CHECK(exported.find("spare") == std::string::npos);
  CHECK(run("finishline", {"check", "-c", it.dir.write("exported.toml", exported)}).exit == Exit{0});

  it.proxy.stop();
  ChildProcess next(program("finishline"), {"run", "-c", it.proxy.config_file()});
  const auto kept = [&] { return it.send("GET", "/changes"); };
  CHECK(wait_until([&] {
    try {
      return kept()["changes"]["server"]["video-1"]["weight"] == 2.5;
    } catch (const std::exception&) {
      return false;
    }
  }));
  CHECK(it.send("DELETE", "/changes")["changes"].empty());
  CHECK(it.status == 200);
  CHECK(kept()["toml"] == "");
}

TEST_CASE("a drained server and a chosen policy outlive a restart, and are told as what is not in the file") {
  Changeable it;
  CHECK(it.send("PUT", "/servers/spare/state", R"({"state": "drain"})")["survives_restart"] == true);
  CHECK(it.send("PUT", "/pools/media/policy", R"({"policy": "regret"})")["survives_restart"] == true);
  const auto told = [&] {
    return run("finishline", {"config", "changes", "-c", it.proxy.config_file()}).output;
  };
  CHECK(
      told().find("a restart begins with them\n# server spare drains\n# pool media follows regret; the file "
                  "says makespan\n") != std::string::npos);

  it.proxy.stop();
  ChildProcess next(program("finishline"), {"run", "-c", it.proxy.config_file()});
  const auto live = [&] {
    try {
      return it.send("GET", "/live");
    } catch (const std::exception&) {
      return nlohmann::json::object();
    }
  };
  CHECK(wait_until([&] {
    const auto now = live();
    return now.contains("pools") && !now["pools"].empty() && now["pools"][0]["policy"] == "regret" &&
           now["servers"][2]["state"] == "draining";
  }));
  const std::string log = next.errors();
  REQUIRE(log.find(" drain_kept server=spare") != std::string::npos);
  CHECK(log.find(" drain_kept server=spare") < log.find(" worker_started "));  // no worker saw it otherwise
  CHECK(it.send("PUT", "/servers/spare/state", R"({"state": "ready"})")["survives_restart"] == true);
  CHECK(it.send("GET", "/changes")["orders"]["drained"].empty());
  next.signal(SIGTERM);
  CHECK(next.wait() == Exit{0});
}

TEST_CASE("an export in the place of the file takes the changes over, and what stands over it is told") {
  Changeable it;
  it.send("PATCH", "/servers/video-1", R"({"weight": 2.5})");
  it.send("POST", "/servers", it.new_server());
  const HttpReply exported = http_send(it.proxy.admin_port(), "GET", "/api/v1/config", "", kToken);
  const auto reload = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"reload", "-c", it.proxy.config_file()};
    words.insert(words.end(), more.begin(), more.end());
    return run("finishline", words).output;
  };
  const std::string over = "! server video-1: weight 1.0 of the file does not hold, 2.5 does";
  const auto has = [](const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
  };
  std::ifstream in(it.proxy.config_file());
  std::string before{std::istreambuf_iterator<char>(in), {}};
  const std::string name = "name = \"video-1\"\n";
  REQUIRE(has(before, name));
  before.insert(before.find(name) + name.size(), "weight = 1.0\n");
  std::ofstream(it.proxy.config_file()) << before;
  CHECK(has(reload({"--dry-run"}), over));
  CHECK(has(reload({}), over));
  CHECK(it.send("GET", "/changes")["overruled"][0]["key"] == "weight");

  std::ofstream(it.proxy.config_file()) << exported.body;
  CHECK_FALSE(has(reload({}), "does not hold"));
  CHECK(wait_until([&] { return it.send("GET", "/changes")["toml"] == ""; }));
  CHECK(it.dir.read("state/changes.toml").empty());
  std::string edited = exported.body;
  edited.replace(edited.find("weight = 2.5"), 12, "weight = 3.5");
  std::ofstream(it.proxy.config_file()) << edited;
  reload({});
  CHECK(wait_until([&] { return it.send("GET", "/servers/video-1")["weight"] == 3.5; }));
}

TEST_CASE("to forget all changes takes orders back, too, and who comes anew under a name drains no more") {
  Changeable it;
  it.send("PUT", "/servers/video-1/state", R"({"state": "drain"})");
  it.send("PUT", "/pools/media/policy", R"({"policy": "regret"})");
  const auto forgotten = it.send("DELETE", "/changes");
  CHECK(it.status == 200);
  CHECK(forgotten["orders_were"]["drained"][0] == "video-1");
  CHECK(forgotten["orders"]["drained"].empty());
  CHECK(forgotten["orders"]["policies"].empty());
  CHECK(wait_until([&] { return it.send("GET", "/servers/video-1")["state"] == "up"; }));
  CHECK(wait_until([&] { return it.send("GET", "/pools/media")["policy"] == "makespan"; }));

  it.send("POST", "/servers", it.new_server());
  CHECK(it.send("PUT", "/servers/video-9/state", R"({"state": "drain"})")["state"] == "draining");
  it.send("DELETE", "/servers/video-9");
  it.send("POST", "/servers", it.new_server());
  CHECK(it.status == 201);
  CHECK(it.send("GET", "/servers/video-9")["state"] != "draining");
  CHECK(it.send("GET", "/changes")["orders"]["drained"].empty());
}
