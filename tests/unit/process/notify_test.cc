#include "lb/process/notify.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "lb/process/descriptor.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::process;
using finishline::test::TempDir;

namespace {

/// The service manager's end of $NOTIFY_SOCKET, at a path.
class Listener {
 public:
  explicit Listener(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~Listener() { ::unsetenv("NOTIFY_SOCKET"); }
  std::string heard() {
    char text[512];
    const ssize_t n = ::recv(socket_.get(), text, sizeof text, 0);
    return n > 0 ? std::string(text, static_cast<std::size_t>(n)) : "";
  }

 private:
  Descriptor socket_;
};

}  // namespace

TEST_CASE("the service manager hears what it is told") {
  const TempDir dir;
  Listener manager(dir.file("notify"));
  notify("READY=1\nSTATUS=fine");
  CHECK(manager.heard() == "READY=1\nSTATUS=fine");
  notify_reloading();
  CHECK(manager.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
}

TEST_CASE("without a service manager nothing is said, and none that is gone is waited for") {
  notify("READY=1");
  ::setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
  notify("READY=1");
  ::setenv("NOTIFY_SOCKET", "relative", 1);
  notify("READY=1");
  ::unsetenv("NOTIFY_SOCKET");
}

TEST_CASE("the watchdog is fed twice as often as it wants, when it is this process that it watches") {
  CHECK(watchdog_interval() == 0ns);
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  CHECK(watchdog_interval() == 1500ms);
  ::setenv("WATCHDOG_PID", "1", 1);
  CHECK(watchdog_interval() == 0ns);
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
}
