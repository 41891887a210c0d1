// logrotate(8) moves the log file away and sends SIGHUP: all processes go on in a new one.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/processes.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

bool has_open(pid_t pid, const std::string& file) {
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", gone))
    if (std::filesystem::read_symlink(entry, gone) == file) return true;
  return false;
}

std::string configuration(const TempDir& dir, const std::string& log = "log") {
  return "[proxy]\nworkers = 2\nseccomp = true\nadmin = \"127.0.0.1:0\"\n[log]\nfile = \"" + dir.file(log) +
         "\"\n" + R"(
[[listener]]
name = "media"
bind = "127.0.0.1:0"
pool = "media"
[pool.media]
check = "off"
[[server]]
name = "video-1"
pool = "media"
type = "video"
address = "127.0.0.1:1"
)";
}

}  // namespace

TEST_CASE(
    "a log file that was moved away is let go by master, workers and control, even by a reload that is "
    "refused") {
  TempDir dir;
  const std::string file = dir.write("finishline.toml", configuration(dir));
  ChildProcess proxy(program("finishline"), {"run", "-c", file});
  const auto logged = [&](const char* words) { return dir.read("log").find(words) != std::string::npos; };
  REQUIRE(wait_until([&] {
    return logged("worker 0 listening") && logged("worker 1 listening") && logged("control_started");
  }));
  auto all = children_of(proxy.pid());
  CHECK(all.size() == 3);
  all.push_back(proxy.pid());

  std::filesystem::rename(dir.file("log"), dir.file("log.1"));
  CHECK(std::ranges::all_of(all, [&](pid_t pid) { return has_open(pid, dir.file("log.1")); }));
  dir.write("finishline.toml", "nonsense");
  proxy.signal(SIGHUP);
  CHECK(wait_until([&] { return logged("reload_refused"); }));
  CHECK(wait_until(
      [&] { return std::ranges::all_of(all, [&](pid_t pid) { return has_open(pid, dir.file("log")); }); }));
  CHECK(std::ranges::none_of(all, [&](pid_t pid) { return has_open(pid, dir.file("log.1")); }));
  std::filesystem::rename(dir.file("log"), dir.file("log.2"));
  proxy.signal(SIGUSR1);  // and nothing else
  CHECK(wait_until(
      [&] { return std::ranges::all_of(all, [&](pid_t pid) { return has_open(pid, dir.file("log")); }); }));
  CHECK(proxy.stop() == Exit{0, 0});
  CHECK(logged("worker 0 draining"));
  CHECK_FALSE(logged("reload"));
  CHECK(dir.read("log.1").find("reload_refused") == std::string::npos);
}

TEST_CASE("a reload that names another log file takes control along, which stays") {
  TempDir dir;
  const std::string file = dir.write("finishline.toml", configuration(dir));
  ChildProcess proxy(program("finishline"), {"run", "-c", file});
  REQUIRE(wait_until([&] { return dir.read("log").find("admin_listening") != std::string::npos; }));
  const auto before = children_of(proxy.pid());

  dir.write("finishline.toml", configuration(dir, "other"));
  proxy.signal(SIGHUP);
  REQUIRE(wait_until([&] { return dir.read("other").find(" reloaded ") != std::string::npos; }));
  const auto stayed =
      std::ranges::find_if(before, [](pid_t pid) { return proc_file(pid, "comm") == "fl-control\n"; });
  REQUIRE(stayed != before.end());
  CHECK(wait_until(
      [&] { return has_open(*stayed, dir.file("other")) && !has_open(*stayed, dir.file("log")); }));
  CHECK(proxy.stop() == Exit{0, 0});
}
