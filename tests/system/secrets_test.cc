// Who knows the admin token: control, which is asked for it, and no worker, which strangers talk to.
#include <doctest/doctest.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Memory of its own that a process may write.
std::vector<Range> private_memory_of(pid_t pid) {
  std::vector<Range> ranges;
  std::istringstream maps(proc_file(pid, "maps"));
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    char rights[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, rights) != 3) continue;
    if (std::string(rights) == "rw-p") ranges.push_back({begin, end});
  }
  return ranges;
}

/// How often the words stand there; -1: we may not look.
int times_in_memory_of(pid_t pid, const std::string& words) {
  std::ifstream memory("/proc/" + std::to_string(pid) + "/mem", std::ios::binary);
  if (!memory) return -1;
  int times = 0;
  for (const Range& range : private_memory_of(pid)) {
    std::string bytes(range.end - range.begin, '\0');
    memory.clear();
    memory.seekg(static_cast<std::streamoff>(range.begin));
    memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(memory.gcount()));
    for (auto at = bytes.find(words); at != std::string::npos; at = bytes.find(words, at + 1)) ++times;
  }
  return times;
}

/// Those of a title, which may have a number behind it.
std::vector<pid_t> children_titled(pid_t master, const std::string& title) {
  std::vector<pid_t> found;
  for (const pid_t child : children_of(master))
    if (proc_file(child, "comm").starts_with(title)) found.push_back(child);
  return found;
}

}  // namespace

TEST_CASE("no worker has the admin token in its memory, neither the first ones nor those of a reload") {
  const TempDir dir;
  for (const std::string token :
       {"sixteen-letters-", "a-secret-that-is-too-long-to-stand-in-a-string-itself"}) {
    CAPTURE(token);
    const std::string file = dir.write("token", token);
    std::filesystem::permissions(file,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    SetUp set_up{.servers = {{.name = "video-1", .played = Played::by_nobody}},
                 .proxy_keys = "admin_token_file = \"" + file + "\"\n"};
    ProxyUnderTest proxy(set_up);
    const pid_t master = proxy.process().pid();
    set_up.servers[0].keys = "weight = 2\n";
    proxy.rewrite(set_up);
    proxy.process().signal(SIGHUP);  // in place: control is told the token again
    REQUIRE(proxy.wait_for_log(" reloaded "));
    set_up.listeners[0].keys = "max_open = 7\n";
    proxy.rewrite(set_up);
    proxy.process().signal(SIGHUP);  // by new workers
    REQUIRE(proxy.wait_for_log(" reloaded ", 2));
    const auto control = children_titled(master, "fl-control");
    REQUIRE(control.size() == 1);
    if (times_in_memory_of(control[0], token) < 0) {
      MESSAGE("skipped: this machine does not let us look into memory");
      return;
    }
    CHECK(times_in_memory_of(control[0], token) > 0);
    // An old worker may have ended by now.
    for (const pid_t worker : children_titled(master, "fl-worker"))
      CHECK(times_in_memory_of(worker, token) <= 0);
  }
}
