// Machines of a test's own: network namespaces on one switch, in which each has its own loopback and ports.
// Nothing of the machine's own network is touched, and all is gone with the test, however it ends.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/child_process.h"

namespace finishline::test {

/// In a process that with_private_network() has started; its main thread goes from machine to machine.
class PrivateNetwork {
 public:
  explicit PrivateNetwork(std::vector<std::string> machines)
      : machines_(std::move(machines)), home_(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) {
    REQUIRE(home_ >= 0);
    command("ip link add switch type bridge && ip link set switch up && ip link set lo up");
    for (const std::string& machine : machines_) add(machine);
  }

  ~PrivateNetwork() { ::close(home_); }
  PrivateNetwork(const PrivateNetwork&) = delete;
  PrivateNetwork& operator=(const PrivateNetwork&) = delete;

  /// The calling thread and what it starts from now on live there.
  void enter(const std::string& machine) const {
    const int fd = ::open(("/run/netns/" + machine).c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    REQUIRE(::setns(fd, CLONE_NEWNET) == 0);
    ::close(fd);
  }
  /// By which the other machines reach it.
  std::string address_of(const std::string& machine) const {
    return "10.77.0." + std::to_string(1 + (std::ranges::find(machines_, machine) - machines_.begin()));
  }
  /// Each way takes 0.1 ms longer; not where the kernel cannot do that.
  bool delayed() const { return delayed_; }

 private:
  void add(const std::string& machine) {
    const std::string inside = "nsenter --net=/run/netns/" + machine + ' ';
    command("ip netns add " + machine + " && ip link add to-" + machine + " type veth peer name eth0 netns " +
            machine + " && ip link set to-" + machine + " master switch up && " + inside + "ip addr add " +
            address_of(machine) + "/24 dev eth0 && " + inside + "ip link set eth0 up && " + inside +
            "ip link set lo up");
    delayed_ &=
        std::system((inside + "tc qdisc add dev eth0 root netem delay 100us 2>/dev/null").c_str()) == 0;
  }
  static void command(const std::string& line) { REQUIRE_MESSAGE(std::system(line.c_str()) == 0, line); }

  std::vector<std::string> machines_;
  int home_;  // where the switch is, which is there for as long as somebody holds this
  bool delayed_ = true;
};

/// Plays the story of the test case of this name in a process with a network and a /run of its own, as no
/// other thread of this one could have: with its user's own privileges where it is not root. `name` has no
/// comma.
inline void with_private_network(const std::string& name, void story()) {
  if (std::getenv("FINISHLINE_PRIVATE_NETWORK") != nullptr) return story();
  const std::string kinds = ::geteuid() == 0 ? "-nm" : "-Urnm";
  const std::string begin = "mount -t tmpfs none /run && ip link set lo up";
  ChildProcess probe("/usr/bin/unshare", {kinds, "sh", "-c", begin + " && ip link add probe type bridge"});
  if (probe.wait() != Exit{0, 0}) {
    MESSAGE("skipped: this machine does not let us have networks of our own: " << probe.errors());
    return;
  }
  ChildProcess inside("/usr/bin/unshare",
                      {kinds, "sh", "-c", begin + R"( && FINISHLINE_PRIVATE_NETWORK=1 exec "$0" "-tc=$1")",
                       program("finishline-system-tests"), name});
  const bool passed = inside.wait(10 * patience()) == Exit{0, 0};
  CHECK_MESSAGE(passed, inside.output(), inside.errors());
  if (passed && inside.output().find("no netem") != std::string::npos)
    MESSAGE("played without a delay of 0.1 ms: this kernel has no netem");
}

}  // namespace finishline::test
