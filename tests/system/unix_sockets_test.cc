// The whole proxy over Unix sockets: listeners, servers and programs, over reloads, and what is in the way.
#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/free_port.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;
using proto::Status;

namespace {

/// One server and one listener, both at Unix sockets.
class Quay {
 public:
  explicit Quay(const std::string& mode = "frame", const std::string& keys = "", std::uint32_t workers = 1)
      : proxy({.servers = {{.name = "video-1", .address = server()}},
               .listeners = {{.mode = mode, .keys = keys, .bind = listener()}},
               .workers = workers}) {}

  std::string path(const std::string& name) const { return dir_.file(name); }
  std::string listener() const { return "unix:" + path("media.sock"); }
  std::string server() const { return "unix:" + path("video-1.sock"); }
  TcpPeer connect() const { return TcpPeer::connect_to(listener()); }

 private:
  TempDir dir_;

 public:
  ProxyUnderTest proxy;
};

/// Also by a worker that says goaway meanwhile.
void check_served(TcpPeer& client, std::uint64_t id) {
  REQUIRE(client.send_frame({.type = 'V', .id = id, .length = 1}, "cat"));
  auto reply = client.read_frame();
  if (reply && reply->header.kind == proto::Kind::goaway) reply = client.read_frame();
  REQUIRE(reply);
  CHECK(reply->status() == Status::ok);
  CHECK(reply->header.id == id);
  CHECK(reply->body == "cat");
}

/// What `finishline check` says of a listener that is bound there.
std::string check_said(const std::string& bind, const std::string& more = "") {
  const TempDir dir;
  const std::string file = dir.write(
      "f.toml",
      "[proxy]\nadmin = \"\"\n[[listener]]\nname = \"media\"\nbind = \"" + bind + "\"\npool = \"media\"\n" +
          more +
          "[[server]]\nname = \"v\"\npool = \"media\"\ntype = \"video\"\naddress = \"127.0.0.1:9\"\n"
          "[pool.media]\n");
  ChildProcess check(program("finishline"), {"check", file});
  check.wait();
  return check.output() + check.errors();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("requests go over Unix sockets on both sides, and the files are gone with the proxy") {
  Quay quay;
  TcpPeer client = quay.connect();
  for (std::uint64_t id = 1; id <= 50; ++id) check_served(client, id);
  CHECK(std::filesystem::status(quay.path("media.sock")).permissions() == std::filesystem::perms(0660));
  CHECK(unrest_at_the_end(quay.proxy) == "");
  quay.proxy.stop();
  CHECK_FALSE(std::filesystem::exists(quay.path("media.sock")));
  quay.proxy.server("video-1").stop();
  CHECK_FALSE(std::filesystem::exists(quay.path("video-1.sock")));
}

TEST_CASE("the mode of the file is the configuration's") {
  const Quay quay("frame", "unix_mode = \"0600\"\n");
  CHECK(std::filesystem::status(quay.path("media.sock")).permissions() == std::filesystem::perms(0600));
}

TEST_CASE("a server that was killed leaves its file, and the next one takes the place") {
  Quay quay;
  quay.proxy.server("video-1").kill();
  REQUIRE(std::filesystem::exists(quay.path("video-1.sock")));
  quay.proxy.start_server("video-1");
  TcpPeer client = quay.connect();
  CHECK(wait_until([&] {
    client.send_frame({.type = 'V', .id = 1, .length = 1});
    const auto reply = client.read_frame();
    return reply && reply->status() == Status::ok;
  }));
}

TEST_CASE("a reload refuses no connection at a Unix socket, whether workers stay or are replaced") {
  Quay quay;
  for (std::size_t n = 1; n <= 3; ++n) {
    quay.proxy.rewrite({.servers = {{.name = "video-1", .address = quay.server()}},
                        .listeners = {{.bind = quay.listener()}},
                        .log_level = n == 2 ? "debug" : "info"});
    quay.proxy.process().signal(SIGHUP);
    for (std::uint64_t id = 1; id <= 20; ++id) {
      TcpPeer client = quay.connect();
      check_served(client, id);
    }
    REQUIRE(quay.proxy.wait_for_log(" reloaded ", n));
  }
  CHECK(std::filesystem::exists(quay.path("media.sock")));
}

TEST_CASE(
    "a reload makes the file of a Unix socket anew that somebody has removed, and every worker has it") {
  Quay quay("frame", "unix_mode = \"0600\"\n", 2);
  std::filesystem::remove(quay.path("media.sock"));
  REQUIRE(quay.proxy.wait_for_log(" socket_file_lost "));
  for (std::size_t n = 1; n <= 2; ++n) {  // and once more, when the first renewed one goes, too
    quay.proxy.process().signal(SIGHUP);
    REQUIRE(quay.proxy.wait_for_log(" reloaded ", n));
    CHECK(std::filesystem::status(quay.path("media.sock")).permissions() == std::filesystem::perms(0600));
    for (std::uint64_t id = 1; id <= 20; ++id) {
      TcpPeer client = quay.connect();
      check_served(client, id);
    }
    std::filesystem::remove(quay.path("media.sock"));
  }
}

TEST_CASE(
    "a listener whose file somebody has removed is lost to all who look, until a reload makes it anew") {
  Quay quay;
  const std::string admin = "127.0.0.1:" + std::to_string(quay.proxy.admin_port());
  const auto shown = [&] { return run("finishline", {"status", "--admin", admin}).output; };
  const auto told = [&](const char* page, const char* words) {
    return wait_until([&] { return has(quay.proxy.get(page).body, words); });
  };
  CHECK(told("/metrics", "finishline_listener_up{listener=\"media\"} 1"));
  CHECK(has(shown(), "media     up"));
  std::filesystem::remove(quay.path("media.sock"));
  CHECK(told("/metrics", "finishline_listener_up{listener=\"media\"} 0"));
  CHECK(told("/api/v1/listeners", "\"state\":\"lost\""));
  CHECK(told("/api/v1/alerts", "nobody can connect to listener media"));
  CHECK(has(shown(), "media     lost"));
  CHECK(has(shown(), "nobody can connect to media: the file of its Unix socket was removed"));
  quay.proxy.process().signal(SIGHUP);
  CHECK(told("/metrics", "finishline_listener_up{listener=\"media\"} 1"));
  CHECK(told("/api/v1/listeners", "\"state\":\"up\""));
  CHECK_FALSE(has(shown(), "nobody can connect"));
}

TEST_CASE("connections that wait at a Unix socket whose file goes are served over the reload") {
  Quay quay;
  for (const pid_t worker : quay.proxy.worker_pids()) ::kill(worker, SIGSTOP);
  std::vector<TcpPeer> waiting;
  for (std::size_t i = 0; i < 20; ++i) waiting.push_back(quay.connect());
  std::filesystem::remove(quay.path("media.sock"));
  quay.proxy.process().signal(SIGHUP);
  CHECK(wait_until([&] { return std::filesystem::exists(quay.path("media.sock")); }));
  for (const pid_t worker : quay.proxy.worker_pids()) ::kill(worker, SIGCONT);
  for (TcpPeer& client : waiting) check_served(client, 7);
  REQUIRE(quay.proxy.wait_for_log(" reloaded "));
}

TEST_CASE("where another has taken the place of a Unix socket's file, a reload says so and leaves it alone") {
  Quay quay;
  std::filesystem::remove(quay.path("media.sock"));
  std::optional<TcpHost> other("unix:" + quay.path("media.sock"));
  REQUIRE(quay.proxy.wait_for_log(" socket_file_lost "));
  quay.proxy.process().signal(SIGHUP);
  REQUIRE(quay.proxy.wait_for_log(" reload_refused "));
  CHECK(has(quay.proxy.log(), "another process listens there"));
  other.reset();
  quay.proxy.process().signal(SIGHUP);
  REQUIRE(quay.proxy.wait_for_log(" reloaded "));
  TcpPeer client = quay.connect();
  check_served(client, 1);
  std::filesystem::remove(quay.path("media.sock"));
  other.emplace("unix:" + quay.path("media.sock"));
  CHECK(quay.proxy.stop() == Exit{0, 0});
  CHECK(std::filesystem::exists(quay.path("media.sock")));
}

TEST_CASE("a reload that is refused for another reason leaves no file behind at which nobody listens") {
  Quay quay;
  std::filesystem::remove(quay.path("media.sock"));
  quay.proxy.rewrite({.servers = {{.name = "video-1", .address = quay.server()}},
                      .listeners = {{.bind = quay.listener()},
                                    {.name = "other", .bind = "unix:" + quay.path("no/folder.sock")}}});
  quay.proxy.process().signal(SIGHUP);
  REQUIRE(quay.proxy.wait_for_log(" reload_refused "));
  CHECK_FALSE(std::filesystem::exists(quay.path("media.sock")));
}

TEST_CASE("a listener that leaves the configuration takes its file along") {
  Quay quay;
  quay.proxy.rewrite(
      {.servers = {{.name = "video-1", .address = quay.server()}}, .listeners = {{.name = "other"}}});
  quay.proxy.process().signal(SIGHUP);
  REQUIRE(quay.proxy.wait_for_log(" reloaded "));
  CHECK(wait_until([&] { return !std::filesystem::exists(quay.path("media.sock")); }));
}

TEST_CASE("streams are carried between Unix sockets, with half-closed ends") {
  const TempDir dir;
  ProxyUnderTest proxy(
      {.servers = {{.name = "echo",
                    .pool = "raw",
                    .played = Played::by_nobody,
                    .address = "unix:" + dir.file("echo.sock")}},
       .listeners = {{.mode = "stream", .pool = "raw", .bind = "unix:" + dir.file("in.sock")}}});
  TcpHost host("unix:" + dir.file("echo.sock"));
  TcpPeer client = TcpPeer::connect_to("unix:" + dir.file("in.sock"));
  REQUIRE(client.send("hello"));
  TcpPeer server = host.accept();
  CHECK(server.read(5) == "hello");
  client.finish();
  CHECK(server.read_all() == "");
  REQUIRE(server.send("and goodbye"));
  server.finish();
  CHECK(client.read_all() == "and goodbye");
}

TEST_CASE(
    "the admin server at a Unix socket answers curl and the commands, and its file goes with the proxy") {
  const TempDir dir;
  const FreePort port;
  const std::string admin = "unix:" + dir.file("admin.sock");
  const std::string file =
      dir.write("f.toml", "[proxy]\nworkers = 1\nadmin = \"" + admin +
                              "\"\n[[listener]]\nname = \"media\"\nbind = \"" + port.address() +
                              "\"\npool = \"media\"\n[pool.media]\n[[server]]\nname = \"video-1\"\n"
                              "pool = \"media\"\ntype = \"video\"\naddress = \"127.0.0.1:1\"\n");
  ChildProcess proxy(program("finishline"), {"run", "-c", file});
  REQUIRE(wait_until([&] { return std::filesystem::exists(dir.file("admin.sock")); }));
  const auto said = [](const std::string& name, std::vector<std::string> words) {
    ChildProcess command(name, std::move(words));
    command.wait();
    return command.output() + command.errors();
  };
  for (const std::vector<std::string>& which : {std::vector<std::string>{"--admin", admin}, {"-c", file}}) {
    CHECK(wait_until([&] {
      return has(said(program("finishline"), {"status", which[0], which[1]}), "video-1");
    }));
  }
  CHECK(
      has(said("/usr/bin/curl", {"-sS", "--unix-socket", dir.file("admin.sock"), "http://any.name/healthz"}),
          "ok"));
  proxy.signal(SIGHUP);
  CHECK(wait_until([&] { return proxy.errors().find(" reloaded ") != std::string::npos; }));
  CHECK(has(said(program("finishline"), {"status", "--admin", admin}), "video-1"));
  std::filesystem::remove(dir.file("admin.sock"));
  proxy.signal(SIGHUP);
  CHECK(wait_until([&] {
    return has(said(program("finishline"), {"status", "--admin", admin}), "video-1");
  }));
  CHECK(proxy.stop() == Exit{0, 0});
  CHECK_FALSE(std::filesystem::exists(dir.file("admin.sock")));
  CHECK(has(said(program("finishline"), {"status", "--admin", admin}), "no proxy answers at " + admin));
}

TEST_CASE("what is in the way of a Unix socket is told with what to do") {
  const TempDir dir;
  const std::string file = dir.write("plain", "precious");
  CHECK(has(check_said("unix:" + file), "plain is there and no socket: remove it, or choose another path"));
  CHECK(has(check_said("unix:/nowhere/x.sock"), "there is no folder /nowhere: make it"));
  CHECK(has(check_said("unix:x.sock"), "is no absolute path of a socket, as in unix:/run/web.sock"));
  CHECK(has(check_said("unix:/" + std::string(120, 'x')), "the path of a Unix socket has room for 107"));
  CHECK(has(check_said("unix:" + dir.file("x"), "unix_mode = \"rw\"\n"), "'rw' is no mode of a file"));
  CHECK(has(check_said("unix:" + dir.file("x"), "unix_group = \"no-such-group\"\n"),
            "there is no group 'no-such-group'"));
  CHECK(has(check_said("unix:" + dir.file("x"), "allow = [\"10.0.0.0/8\"]\n"),
            "clients of a Unix socket have no addresses"));
  CHECK(has(check_said("127.0.0.1:0", "unix_mode = \"0600\"\n"), "it is no Unix socket"));
}
