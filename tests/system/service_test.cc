// The proxy as a service: readiness is told, sockets that were opened for it are used, root is given up.
#include <doctest/doctest.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "lb/net/socket.h"
#include "lb/process/descriptor.h"
#include "tests/support/client_program.h"
#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// What a service manager hears on its socket.
class ServiceManager {
 public:
  ServiceManager()
      : path_(dir_.file("notify")), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  }
  ~ServiceManager() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(fd_);
  }
  /// Whether a message that begins so comes; those before it are passed over.
  bool hears(const std::string& words) {
    return wait_until([&] {
      char text[1024];
      const ssize_t n = ::recv(fd_, text, sizeof text, 0);
      return n > 0 && std::string(text, static_cast<std::size_t>(n)).starts_with(words);
    });
  }

 private:
  TempDir dir_;
  std::string path_;
  int fd_;
};

std::string line_of(pid_t pid, const std::string& key) {
  const std::string status = proc_file(pid, "status");
  const auto at = status.find(key);
  return at == std::string::npos ? "" : status.substr(at, status.find('\n', at) - at);
}

/// A configuration of one listener at this port, and a server that is not there.
std::string config_text(std::uint16_t port) {
  return "[proxy]\nworkers = 1\nadmin = \"\"\n[[listener]]\nname = \"media\"\nbind = \"127.0.0.1:" +
         std::to_string(port) +
         "\"\npool = \"media\"\n[pool.media]\n[[server]]\nname = \"video-1\"\npool = \"media\"\ntype = "
         "\"video\"\naddress = \"127.0.0.1:1\"\n";
}

/// As systemd does it: the socket is descriptor 3, and the environment says so.
ChildProcess start_activated(int socket, const std::string& config_file) {
  return ChildProcess("/bin/sh",
                      {"-c", "export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$0\" run -c \"$1\"",
                       program("finishline"), config_file},
                      socket);
}

}  // namespace

TEST_CASE("a service manager is told of readiness, of reloads, and of the end") {
  ServiceManager manager;
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}});
  CHECK(manager.hears("READY=1\nSTATUS=revision 1, 1 worker, "));
  proxy.process().signal(SIGHUP);
  CHECK(manager.hears("RELOADING=1\nMONOTONIC_USEC="));
  CHECK(manager.hears("READY=1\nSTATUS=revision 2"));
  proxy.process().signal(SIGTERM);
  CHECK(manager.hears("STOPPING=1"));
  CHECK(proxy.process().wait() == Exit{0, 0});
}

TEST_CASE("a socket that was opened for the proxy is its listener's, with the connections that wait there") {
  TcpHost opened;
  TcpPeer early = TcpPeer::connect(opened.port());
  const TempDir dir;
  ChildProcess proxy = start_activated(opened.descriptor(), dir.write("f.toml", config_text(opened.port())));
  REQUIRE(early.send_frame({.type = 'V', .id = 1, .length = 1}));
  const auto reply = early.read_frame();
  REQUIRE(reply);
  CHECK(reply->status() == proto::Status::no_server);
  CHECK(proxy.stop() == Exit{0, 0});
}

TEST_CASE("the file of a Unix socket that was opened for the proxy stays, also after an upgrade") {
  const TempDir dir;
  const std::string place = "unix:" + dir.file("media.sock");
  const auto opened =
      net::open_listener(std::get<net::Address>(net::parse_address(place)), {.file = {.mode = 0600}});
  const process::Descriptor socket(std::get<int>(opened));
  const std::string file = dir.write(
      "f.toml", "[proxy]\nworkers = 1\nadmin = \"\"\n[[listener]]\nname = \"media\"\nbind = \"" + place +
                    "\"\npool = \"media\"\n[pool.media]\n[[server]]\nname = \"video-1\"\npool = \"media\"\n"
                    "type = \"video\"\naddress = \"127.0.0.1:1\"\n");
  for (const bool upgraded : {false, true}) {
    CAPTURE(upgraded);
    ChildProcess proxy = start_activated(socket.get(), file);
    REQUIRE(TcpPeer::connect_to(place).send_frame({.type = 'V', .id = 1, .length = 1}));
    REQUIRE(wait_until([&] { return proxy.errors().find(" started ") != std::string::npos; }));
    if (upgraded) {
      proxy.signal(SIGUSR2);
      REQUIRE(wait_until([&] { return proxy.errors().find(" taken_over ") != std::string::npos; }));
    }
    CHECK(proxy.stop() == Exit{0, 0});
    CHECK(std::filesystem::status(dir.file("media.sock")).permissions() == std::filesystem::perms(0600));
  }
}

TEST_CASE("a socket that no listener wants is a mistake") {
  TcpHost opened;
  const FreePort other;
  const TempDir dir;
  ChildProcess proxy = start_activated(opened.descriptor(), dir.write("f.toml", config_text(other.number())));
  CHECK(proxy.wait() == Exit{2, 0});
  CHECK(proxy.errors().find("where no listener is bound") != std::string::npos);
}

TEST_CASE("started as root, workers and control become another user; the master stays, and reloads") {
  if (::geteuid() != 0 || ::getpwnam("nobody") == nullptr) {
    MESSAGE("skipped: needs root, and a user nobody");
    return;
  }
  const std::string uid = std::to_string(::getpwnam("nobody")->pw_uid);
  SetUp set_up{
      .servers = {{.name = "video-1"}}, .workers = 1, .proxy_keys = "user = \"nobody\"\nseccomp = true\n"};
  ProxyUnderTest proxy(set_up);
  REQUIRE(proxy.wait_for_log(" admin_listening "));
  const auto children = children_of(proxy.process().pid());
  REQUIRE(children.size() == 2);
  for (const pid_t child : children) {
    CHECK(line_of(child, "Uid:") == "Uid:\t" + uid + "\t" + uid + "\t" + uid + "\t" + uid);
    CHECK(line_of(child, "NoNewPrivs:") == "NoNewPrivs:\t1");
  }
  CHECK(line_of(proxy.process().pid(), "Uid:") == "Uid:\t0\t0\t0\t0");
  set_up.servers.push_back({.name = "music-1", .type = "music"});
  proxy.rewrite(set_up);
  proxy.process().signal(SIGHUP);
  REQUIRE_MESSAGE(proxy.wait_for_log(" reloaded "), proxy.log());
  // The filter has allowed them to take it. Who has read the file for the master may not have ended yet.
  CHECK(wait_until([&] { return children_of(proxy.process().pid()) == children; }));
  set_up.listeners.push_back({.name = "second"});
  proxy.rewrite(set_up);
  proxy.process().signal(SIGHUP);
  REQUIRE_MESSAGE(proxy.wait_for_log(" reloaded ", 2), proxy.log());
  ClientProgram client(proxy, {"--requests", "300", "--length", "1", "--concurrency", "4"});
  client.check_perfect(300);
  const auto last = children_of(proxy.process().pid());
  proxy.process().kill();
  CHECK(wait_until([&] { return all_gone(last); }));
}

TEST_CASE("a user that does not exist is a mistake of the configuration") {
  const TempDir dir;
  const FreePort port;
  std::string text = config_text(port.number());
  text.insert(text.find("workers"), "user = \"nobody-of-that-name\"\n");
  const Outcome outcome = run("finishline", {"check", "-c", dir.write("f.toml", text)});
  CHECK(outcome.exit == Exit{2, 0});
  CHECK(outcome.errors.find("proxy.user: there is no user 'nobody-of-that-name'") != std::string::npos);
}
