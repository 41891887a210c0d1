#include "proto/process_usage.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <string>

using namespace finishline;

namespace {

constexpr ProcessUnits kUnits{.ticks_per_second = 100, .page_bytes = 4096};

/// As in proc(5), with 250 ticks of user and 50 of system time, and 1000 pages.
std::string stat_of(const std::string& name) {
  return "4242 (" + name +
         ") S 1 4242 4242 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 100000 10000000 1000 "
         "18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
}

}  // namespace

TEST_CASE("the kernel's line tells CPU time and memory, whatever the process is called") {
  for (const char* name : {"finishline", "a b", ") S 1 1 1", ""}) {
    const auto usage = parse_process_stat(stat_of(name), kUnits);
    REQUIRE(usage);
    CHECK(usage->cpu == 3s);
    CHECK(usage->resident_bytes == 4096'000);
  }
}

TEST_CASE("a line that is cut short or is something else tells nothing") {
  const std::string line = stat_of("finishline");
  for (std::size_t n = 0; n < line.find(" 1000 "); ++n)
    CHECK_FALSE(parse_process_stat(line.substr(0, n), kUnits));
  CHECK_FALSE(parse_process_stat("no line", kUnits));
  CHECK_FALSE(
      parse_process_stat("1 (x) S 1 2 3 4 5 six 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22", kUnits));
}

TEST_CASE("a process finds itself, grows with what it touches, and finds nobody where nobody is") {
  const auto before = process_usage(::getpid());
  REQUIRE(before);
  CHECK(before->resident_bytes > 1'000'000);
  constexpr std::size_t kBytes = 32U << 20;
  void* const memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  std::memset(memory, 1, kBytes);
  const auto after = process_usage(::getpid());
  ::munmap(memory, kBytes);
  CHECK(after->resident_bytes >= before->resident_bytes + (24U << 20));
  CHECK(after->cpu >= before->cpu);
  CHECK_FALSE(process_usage(-1));
}
