// Names of a test's own: a network and a file of hosts that nothing else on the machine sees, with a name
// server that never answers, or none.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "tests/support/temp_dir.h"

namespace finishline::test {

class PrivateNames {
 public:
  /// For the calling thread, and all that it starts from now on. Whether this machine allows it.
  bool enter() {
    if (::geteuid() != 0 || ::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) return false;
    set("");
    const std::string hosts = dir_.file("hosts");
    const std::string servers = dir_.write("resolv.conf", "nameserver 127.0.0.1\noptions attempts:1\n");
    return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount(hosts.c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr) == 0 &&
           ::mount(servers.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) == 0 &&
           std::system(
               "ip link set lo up >/dev/null 2>&1 && ip addr add fe80::1/64 dev lo nodad >/dev/null 2>&1") ==
               0;
  }

  /// All names there are from now on, a line each: "127.0.0.1 web".
  void set(const std::string& lines) const { dir_.write("hosts", "127.0.0.1 localhost\n" + lines); }

  /// From now on whoever asks for another name waits in vain; before, he is refused at once.
  void fall_silent() {
    silent_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in port{};
    port.sin_family = AF_INET;
    port.sin_port = htons(53);
    port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(silent_, reinterpret_cast<const sockaddr*>(&port), sizeof port) == 0);
  }

  ~PrivateNames() {
    if (silent_ >= 0) ::close(silent_);
  }

 private:
  TempDir dir_;
  int silent_ = -1;
};

/// In a thread of its own, because a namespace is a thread's own.
inline void with_private_names(void story(PrivateNames&)) {
  PrivateNames names;
  bool entered = false;
  std::thread([&] {
    entered = names.enter();
    if (entered) story(names);
  }).join();
  if (!entered) MESSAGE("skipped: this machine does not let us have a network and names of our own");
}

}  // namespace finishline::test
