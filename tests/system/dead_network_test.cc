// Servers and clients that are there no more without having said so: stopped, or behind a network that lets
// nothing through.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>

#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;
using proto::Status;

namespace {

/// Two network namespaces that see each other over a pair of virtual cables; gone with the test. Nothing of
/// the machine's own network is touched.
class Cable {
 public:
  /// Whether this machine lets us lay it.
  bool laid() const { return laid_; }
  void cut() { command("ip netns exec " + near_ + " ip link set dev fl0 down"); }
  /// The calling thread and what it starts from now on live at this end.
  void enter_near() { enter(near_); }
  void enter_far() { enter(far_); }

  Cable() {
    laid_ = ::geteuid() == 0 && command("ip netns add " + near_) && command("ip netns add " + far_) &&
            command("ip link add fl0 netns " + near_ + " type veth peer name fl1 netns " + far_) &&
            command("ip netns exec " + near_ + " ip addr add 10.255.7.1/24 dev fl0") &&
            command("ip netns exec " + far_ + " ip addr add 10.255.7.2/24 dev fl1") &&
            command("ip netns exec " + near_ + " ip link set fl0 up") &&
            command("ip netns exec " + far_ + " ip link set fl1 up") &&
            command("ip netns exec " + near_ + " ip link set lo up");
  }
  ~Cable() {
    command("ip netns del " + near_);
    command("ip netns del " + far_);
  }
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

 private:
  static void enter(const std::string& end) {
    const int fd = ::open(("/run/netns/" + end).c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    REQUIRE(::setns(fd, CLONE_NEWNET) == 0);
    ::close(fd);
  }
  static bool command(const std::string& line) {
    return std::system((line + " >/dev/null 2>&1").c_str()) == 0;
  }

  const std::string near_ = "flnear" + std::to_string(::getpid());
  const std::string far_ = "flfar" + std::to_string(::getpid());
  bool laid_ = false;
};

constexpr const char* kAcrossTheCable = R"(
[proxy]
workers = 1
admin = ""
[[listener]]
name = "media"
bind = "127.0.0.1:9000"
pool = "media"
[pool.media]
check = "off"
link_ping = "0s"
[[server]]
name = "video-1"
pool = "media"
type = "video"
address = "10.255.7.2:9001"
keepalive = "1s"
user_timeout = "500ms"
[[server]]
name = "video-2"
pool = "media"
type = "video"
address = "127.0.0.1:9002"
speed = 0.5
)";

/// video-1 is across the cable, twice as fast as video-2, and takes a request without ever replying: its
/// kernel says that all is well for as long as the cable is there.
void play_behind(Cable& cable) {
  cable.enter_far();
  ChildProcess far(program("finishline-server"),
                   {"--type", "video", "--listen", "10.255.7.2:9001", "--unit", "1ms", "--stall-after", "0"});
  cable.enter_near();
  ChildProcess near(program("finishline-server"),
                    {"--type", "video", "--listen", "127.0.0.1:9002", "--unit", "1ms"});
  TempDir dir;
  const std::string file = dir.write("finishline.toml", kAcrossTheCable);

  ChildProcess proxy(program("finishline"), {"run", "-c", file});
  const auto logged = [&](const char* words) { return proxy.errors().find(words) != std::string::npos; };
  REQUIRE(wait_until(
      [&] { return logged("link_up link=0") && logged("link_up link=1") && logged("listening"); }));
  TcpPeer alice = TcpPeer::connect(9000);
  REQUIRE(alice.send_frame({.type = 'V', .flags = proto::kRetryable, .id = 7, .length = 5}));
  CHECK(alice.silent(50ms));
  cable.cut();
  const auto reply = alice.read_frame();
  REQUIRE(reply);
  CHECK(reply->status() == Status::ok);
  CHECK(reply->header.origin == 1);
  CHECK(logged("link_down link=0 server=video-1"));
}

/// Alice and Idris are across the cable. Alice is owed a reply, so bytes to her stay unacknowledged; nothing
/// is on its way to Idris, so only a probe can tell. Nina is near, and does not notice.
void leave_behind(Cable& cable) {
  cable.enter_near();
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}},
                        .listeners = {{.name = "near"},
                                      {.name = "far",
                                       .keys = "keepalive = \"1s\"\nuser_timeout = \"400ms\"\n",
                                       .bind = "10.255.7.1:9000"}}});
  TcpPeer nina = proxy.connect("near");
  cable.enter_far();
  TcpPeer alice = TcpPeer::connect_to("10.255.7.1:9000");
  TcpPeer idris = TcpPeer::connect_to("10.255.7.1:9000");
  cable.enter_near();
  REQUIRE(wait_until([&] { return stats_of(proxy).connections_open == 3; }));
  proxy.server("video-1").signal(SIGSTOP);
  REQUIRE(alice.send_frame({.type = 'V', .id = 7, .length = 1}));
  REQUIRE(wait_until([&] { return stats_of(proxy).server("video-1").in_flight == 1; }));
  cable.cut();
  proxy.server("video-1").signal(SIGCONT);

  const auto given_up = [&] { return stats_of(proxy).closed["client_silent"]; };
  for (std::uint64_t id = 1; given_up() < 2 && id < 1000; ++id) {
    REQUIRE(nina.send_frame({.type = 'V', .id = id, .length = 5}));
    const auto reply = nina.read_frame();
    REQUIRE(reply);
    CHECK(reply->status() == Status::ok);
  }
  CHECK(given_up() == 2);
  CHECK(stats_of(proxy).connections_open == 1);
  CHECK(unrest_at_the_end(proxy) == "");
}

/// In a thread of its own, because a namespace is a thread's own.
void with_a_cable(void story(Cable&)) {
  Cable cable;
  if (!cable.laid()) {
    MESSAGE("skipped: this machine does not let us make network namespaces");
    return;
  }
  std::thread([&] { story(cable); }).join();
}

}  // namespace

TEST_CASE(
    "a server that is stopped while it has nothing to do is found by a ping, and found again when it goes "
    "on") {
  SetUp set_up{.servers = {{.name = "video-1"}, {.name = "video-2"}}};
  set_up.pool_keys += "link_ping = \"30ms\"\ncheck_timeout = \"400ms\"\n";
  ProxyUnderTest proxy(std::move(set_up));
  proxy.server("video-1").signal(SIGSTOP);
  REQUIRE(proxy.wait_for_log("reason=\"no answer to a ping\""));
  TcpPeer alice = proxy.connect();
  for (std::uint64_t id = 1; id <= 4; ++id) {
    REQUIRE(alice.send_frame({.type = 'V', .id = id, .length = 1}));
    const auto reply = alice.read_frame();
    REQUIRE(reply);
    CHECK(reply->status() == Status::ok);
    CHECK(reply->header.origin == 1);
  }
  proxy.server("video-1").signal(SIGCONT);
  CHECK(wait_until([&] { return stats_of(proxy).server("video-1").links_up == 1; }));
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a server behind a network that went silent with a request on its way is found by TCP") {
  with_a_cable(play_behind);
}

TEST_CASE(
    "clients behind a network that went silent are found, one by user_timeout and one by keepalive, and "
    "others are served") {
  with_a_cable(leave_behind);
}
