// The cases that the benchmark measures, with every reply checked: fast is also right. Numbers are not looked
// at here; under the sanitizers the same stories show that speed was not bought with undefined behaviour.
#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/client_program.h"
#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

struct SpeedCase {
  std::string concurrency, pipeline, body;
  std::int64_t requests;
};

const std::vector<SpeedCase> kCases{{"1", "1", "8", 500},      {"1", "8", "8", 2000},
                                    {"16", "8", "8", 10000},   {"256", "1", "8", 10000},
                                    {"256", "8", "8", 20000},  {"256", "8", "4064", 10000},
                                    {"1024", "1", "8", 10000}, {"4", "2", "300000", 200}};

SetUp quick_servers(std::uint32_t workers) {
  SetUp set_up{.servers = {}, .workers = workers, .unit = "1us"};
  for (const char* name : {"video-1", "video-2", "music-1"}) {
    set_up.servers.push_back({.name = name, .type = std::string(name, 5)});
  }
  return set_up;
}

void run_all(ProxyUnderTest& proxy) {
  for (const SpeedCase& the : kCases) {
    CAPTURE(the.concurrency);
    CAPTURE(the.pipeline);
    CAPTURE(the.body);
    ClientProgram client(proxy, {"--requests", std::to_string(the.requests), "--concurrency", the.concurrency,
                                 "--pipeline", the.pipeline, "--body", the.body});
    client.check_perfect(the.requests);
  }
}

}  // namespace

TEST_CASE("all speed cases are answered right by one worker, and nothing is left in the books") {
  ProxyUnderTest proxy(quick_servers(1));
  run_all(proxy);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("all speed cases are answered right by two workers, and nothing is left in the books") {
  ProxyUnderTest proxy(quick_servers(2));
  run_all(proxy);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a worker without clients sleeps, but for its heart and the pings of its links") {
  ProxyUnderTest proxy(quick_servers(1));
  const pid_t worker = stats_of(proxy).workers.at(0).pid;
  const auto sleeps = [&] {
    const std::size_t before = sleeps_of(worker);
    std::this_thread::sleep_for(500ms);
    return sleeps_of(worker) - before < 15;
  };
  CHECK(wait_until(sleeps));
  ClientProgram(proxy, {"--requests", "1000"}).check_perfect(1000);
  CHECK(wait_until(sleeps));
  CHECK(unrest_at_the_end(proxy) == "");
}
