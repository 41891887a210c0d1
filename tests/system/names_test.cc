// Servers that are configured by name: names that fail, that come, that move, and name servers that never
// answer.
#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <thread>

#include "tests/support/private_names.h"
#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// A proxy of streams to servers at these addresses, and a program at each of some hosts that answers checks.
class NamedProxy {
 public:
  explicit NamedProxy(const std::string& servers, const std::string& proxy_keys = "",
                      const std::string& bind = "127.0.0.1")
      : file_(dir_.write("finishline.toml", text(servers, proxy_keys, bind))),
        proxy_(program("finishline"), {"run", "-c", file_}) {
    REQUIRE_MESSAGE(logged(" listening "), proxy_.errors());
  }

  /// The configuration from now on.
  void rewrite(const std::string& servers, const std::string& proxy_keys = "") const {
    dir_.write("finishline.toml", text(servers, proxy_keys, "127.0.0.1"));
  }
  bool logged(const std::string& words) {
    return wait_until(
               [&] { return proxy_.errors().find(words) != std::string::npos || !proxy_.running(); }) &&
           proxy_.running();
  }
  std::string log() const { return proxy_.errors(); }
  bool has_logged(const std::string& words) const { return log().find(words) != std::string::npos; }
  ChildProcess& process() { return proxy_; }

  /// Whether a client is passed on to whoever plays the server.
  static bool served(TcpHost& host) {
    TcpPeer client = TcpPeer::connect(9000);
    TcpPeer server = host.accept();
    return client.send("ask!") && server.read(4) == "ask!" && server.send("told") && client.read(4) == "told";
  }
  static std::string state_of(const std::string& server) {
    return http_get(9900, "/stats").body.find("\"" + server + "\"") == std::string::npos
               ? ""
               : server_in(http_get(9900, "/stats").body, server);
  }

 private:
  static std::string server_in(const std::string& page, const std::string& server) {
    const auto at = page.find("\"state\":", page.find("\"" + server + "\""));
    const auto begin = page.find('"', at + 8) + 1;
    return page.substr(begin, page.find('"', begin) - begin);
  }
  static std::string text(const std::string& servers, const std::string& proxy_keys,
                          const std::string& bind) {
    return "[proxy]\nworkers = 1\nmax_connections = 100\n" + proxy_keys +
           "[[listener]]\nname = \"any\"\nmode = \"stream\"\npool = \"any\"\nbind = \"" + bind + ":9000\"\n" +
           "[pool.any]\ncheck = \"off\"\ncheck_interval = \"50ms\"\neject_after = 0\n" + servers;
  }

  TempDir dir_;
  std::string file_;
  ChildProcess proxy_;
};

std::string server(const std::string& name, const std::string& address, const std::string& keys = "") {
  return "[[server]]\nname = \"" + name + "\"\npool = \"any\"\naddress = \"" + address + "\"\n" + keys;
}

void start_without_a_name(PrivateNames& names) {
  TcpHost host(9001);
  NamedProxy proxy(server("a", "web:9001"), "resolve_interval = \"50ms\"\n");
  CHECK(proxy.logged("server_unresolved server=a reason=\"cannot resolve 'web'"));
  CHECK(wait_until([&] { return NamedProxy::state_of("a") == "down"; }));
  CHECK(TcpPeer::connect(9000).closed());
  names.set("127.0.0.1 web\n");
  REQUIRE(proxy.logged(" names_changed "));
  CHECK(wait_until([&] { return NamedProxy::state_of("a") == "up"; }));
  CHECK(NamedProxy::served(host));
  names.set("");  // and who has an address keeps it
  CHECK(proxy.logged("lookup_failed name=web"));
  CHECK(NamedProxy::served(host));
  CHECK(NamedProxy::state_of("a") == "up");
  CHECK(proxy.process().stop() == Exit{0, 0});
}

void move_a_name(PrivateNames& names) {
  names.set("127.0.0.1 web\n");
  ChildProcess before(program("finishline-server"), {"--type", "video", "--listen", "127.0.0.1:9001"});
  ChildProcess after(program("finishline-server"), {"--type", "video", "--listen", "127.0.0.2:9001"});
  NamedProxy proxy(server("a", "web:9001"), "resolve_interval = \"50ms\"\n");
  names.set("127.0.0.2 web\n");
  REQUIRE(proxy.logged(" names_changed "));
  CHECK(proxy.logged(" reloaded "));
  before.kill();
  TcpPeer client = TcpPeer::connect(9000);
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}));
  CHECK(client.read_frame());
  CHECK_FALSE(proxy.has_logged("worker_drained"));  // in place
}

void hear_nothing(PrivateNames& names) {
  names.set("127.0.0.1 web\n");
  TcpHost host(9001);
  NamedProxy proxy(server("a", "web:9001"), "resolve_interval = \"0s\"\n");
  CHECK(NamedProxy::served(host));
  names.fall_silent();
  names.set("");
  proxy.rewrite(server("a", "web:9001") + server("b", "other:9001") + server("c", "third:9001"));
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.logged(" reloading "));
  ::kill(children_of(proxy.process().pid()).front(), SIGKILL);
  REQUIRE(proxy.logged("_died "));  // supervision goes on: by the master, who would else wait for names
  CHECK(wait_until([&] { return NamedProxy::state_of("a") == "up" && NamedProxy::served(host); }));
  CHECK(proxy.process().stop() == Exit{0, 0});
  CHECK_FALSE(proxy.has_logged(" reloaded "));
  CHECK_FALSE(proxy.has_logged(" lookup_failed "));
}

void spread_over_all(PrivateNames& names) {
  names.set("127.0.0.1 web\n127.0.0.2 web\n");
  ChildProcess one(program("finishline-server"), {"--type", "video", "--listen", "127.0.0.1:9001"});
  ChildProcess two(program("finishline-server"), {"--type", "video", "--listen", "127.0.0.2:9001"});
  NamedProxy proxy(server("web", "web:9001", "resolve = \"all\"\n"), "resolve_interval = \"50ms\"\n");
  CHECK(NamedProxy::state_of("web@127.0.0.1") == "up");
  CHECK(NamedProxy::state_of("web@127.0.0.2") == "up");
  names.set("127.0.0.2 web\n127.0.0.3 web\n");
  REQUIRE(proxy.logged(" reloaded "));
  CHECK(wait_until([&] { return NamedProxy::state_of("web@127.0.0.3") == "up"; }));
  CHECK(wait_until([&] { return NamedProxy::state_of("web@127.0.0.1") != "up"; }));
  CHECK(NamedProxy::state_of("web@127.0.0.2") == "up");
}

void outgrow_the_room(PrivateNames& names) {
  names.set("127.0.0.1 web other\n127.0.0.2 web\n");
  NamedProxy proxy(server("web", "web:9001", "resolve = \"all\"\n") + server("other", "other:9002"),
                   "resolve_interval = \"50ms\"\nmax_servers = 4\n");
  CHECK(NamedProxy::state_of("web@127.0.0.2") == "up");
  names.set("127.0.0.9 other\n127.0.0.1 web\n127.0.0.2 web\n127.0.0.3 web\n127.0.0.4 web\n127.0.0.5 web\n");
  REQUIRE(proxy.logged("addresses_left_out name=web addresses=2 remedy=\"raise proxy.max_servers"));
  CHECK(wait_until([&] { return NamedProxy::state_of("web@127.0.0.3") == "up"; }));
  CHECK(NamedProxy::state_of("web@127.0.0.1") == "up");
  CHECK(NamedProxy::state_of("web@127.0.0.4") == "");
  CHECK(
      wait_until([&] { return http_get(9900, "/stats").body.find("127.0.0.9:9002") != std::string::npos; }));
  const std::string log = proxy.log();
  std::this_thread::sleep_for(300ms);  // several look-ups
  CHECK(proxy.log() == log);
  proxy.process().signal(SIGHUP);  // a look-up, too
  CHECK(proxy.logged(" reloaded revision=3 "));
  CHECK_FALSE(proxy.has_logged("reload_refused"));
  CHECK(proxy.process().stop() == Exit{0, 0});
}

void bind_a_name(PrivateNames& names) {
  names.set("127.0.0.1 here web\n");
  TcpHost host(9001);
  NamedProxy proxy(server("a", "web:9001"), "admin = \"here:9900\"\nresolve_interval = \"0s\"\n");
  names.set("");
  for (const char* seen : {" reloaded revision=2 ", " reloaded revision=3 "}) {
    proxy.process().signal(SIGHUP);
    CHECK(proxy.logged(seen));
  }
  CHECK(wait_until([&] { return NamedProxy::state_of("a") == "up"; }));
  CHECK(NamedProxy::served(host));
  proxy.process().signal(SIGUSR2);
  CHECK(proxy.logged(" upgrade_refused "));  // a start would not find it
  CHECK(NamedProxy::served(host));
}

void serve_on_a_link(PrivateNames&) {
  ChildProcess far(program("finishline-server"), {"--type", "video", "--listen", "[fe80::1%lo]:9001"});
  NamedProxy proxy(server("a", "[fe80::1%lo]:9001"));
  const auto served = [] {
    TcpPeer client = TcpPeer::connect(9000);
    return client.send_frame({.type = 'V', .id = 1, .length = 1}) && client.read_frame();
  };
  REQUIRE(wait_until(served));
  proxy.rewrite(server("a", "[fe80::1%lo]:9001", "weight = 2\n"));
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.logged(" reloaded "));
  CHECK(served());
  CHECK_FALSE(proxy.has_logged(" connect_failed "));
}

}  // namespace

TEST_CASE(
    "a server whose name cannot be resolved is down, comes up when it can, and stays when it cannot any "
    "more") {
  with_private_names(start_without_a_name);
}

TEST_CASE("a name that moves takes its server along, in place") { with_private_names(move_a_name); }

TEST_CASE("name servers that never answer hold up a reload, not the master") {
  with_private_names(hear_nothing);
}

TEST_CASE(
    "every address of a name can be a server of its own, and those that stay do not notice who comes and "
    "goes") {
  with_private_names(spread_over_all);
}

TEST_CASE("what is bound by name stays bound while the name cannot be resolved, reload after reload") {
  with_private_names(bind_a_name);
}

TEST_CASE("a link-local server is reached before and after a reload") { with_private_names(serve_on_a_link); }

TEST_CASE("a name that outgrows max_servers takes what has room, and the others go on being followed") {
  with_private_names(outgrow_the_room);
}
