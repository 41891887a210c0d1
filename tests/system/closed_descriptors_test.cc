// Programs that are started with standard input, output or error closed, in every combination.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/free_port.h"
#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;

namespace {

const std::vector<std::string> kCombinations = {"<&-",      ">&-",      "2>&-",        "<&- >&-",
                                                "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"};

/// A program of this build with descriptors closed as a shell writes it.
ChildProcess start_with(const std::string& closed, const std::string& name,
                        std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"-c", "exec \"$0\" \"$@\" " + closed, program(name)});
  return {"/bin/sh", arguments};
}

/// What a descriptor of this process leads to.
std::string target_of(pid_t pid, int fd) {
  std::error_code none;
  return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd), none)
      .string();
}

/// None of the three is a file, socket or memory of the program's own.
bool stand_well(pid_t pid) {
  for (const int fd : {0, 1, 2}) {
    const std::string target = target_of(pid, fd);
    if (target != "/dev/null" && target.find("memfd:output") == std::string::npos &&
        target.find("memfd:errors") == std::string::npos)
      return false;
  }
  return true;
}

/// A stream proxy whose log is a file.
std::string config_in(const TempDir& dir, const FreePort& port) {
  return dir.write(
      "finishline.toml",
      "[proxy]\nworkers = 1\nmax_connections = 100\nadmin = \"\"\n[log]\nfile = \"" + dir.file("log") +
          "\"\n[[listener]]\nname = \"any\"\nmode = \"stream\"\npool = \"any\"\nbind = \"" + port.address() +
          "\"\n[pool.any]\ncheck = \"off\"\n[[server]]\nname = \"any\"\npool = "
          "\"any\"\naddress = \"127.0.0.1:1\"\n");
}

}  // namespace

TEST_CASE("the proxy runs, and is upgraded, whichever standard descriptors are closed") {
  for (const std::string& closed : kCombinations) {
    CAPTURE(closed);
    TempDir dir;
    const FreePort port;
    ChildProcess proxy = start_with(closed, "finishline", {"run", "-c", config_in(dir, port)});
    const auto logged = [&](const char* words) {
      return wait_until(
                 [&] { return dir.read("log").find(words) != std::string::npos || !proxy.running(); }) &&
             proxy.running();
    };
    REQUIRE(logged(" listening "));
    CHECK(stand_well(proxy.pid()));
    for (const pid_t child : children_of(proxy.pid())) CHECK(stand_well(child));
    proxy.signal(SIGUSR2);
    REQUIRE(logged(" reloaded "));
    CHECK(stand_well(proxy.pid()));
    CHECK(proxy.stop() == Exit{0, 0});
  }
}

TEST_CASE("server and client run whichever standard descriptors are closed") {
  for (const std::string& closed : kCombinations) {
    CAPTURE(closed);
    const FreePort port;
    ChildProcess server =
        start_with(closed, "finishline-server", {"--type", "video", "--listen", port.address()});
    REQUIRE(wait_until([&] { return TcpPeer::can_connect(port.number()) || !server.running(); }));
    CHECK(server.running());
    CHECK(stand_well(server.pid()));
    ChildProcess client = start_with(closed, "finishline-client",
                                     {"--connect", port.address(), "--requests", "3", "--length", "1"});
    CHECK(client.wait() == Exit{0, 0});
  }
}
