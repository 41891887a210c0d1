// A crowd at the admin address: operators are served as if it were not there.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <vector>

#include "tests/support/proxy_under_test.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// Room for that many descriptors, for the life of the test program.
bool may_open(rlim_t descriptors) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= descriptors) return true;
  if (limit.rlim_max < descriptors) return false;
  limit.rlim_cur = descriptors;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

}  // namespace

TEST_CASE("64, 300 and 2,000 silent connections to the admin address lock no operator out") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}});
  REQUIRE(proxy.wait_for_log(" admin_listening "));
  std::vector<TcpPeer> silent;
  for (const std::size_t crowd : {64U, 300U, 2000U}) {
    if (!may_open(crowd + 200)) return;
    while (silent.size() < crowd) {
      silent.push_back(TcpPeer::connect(proxy.admin_port()));
      if (silent.size() % 2 == 0) silent.back().send("GET /stats HT");
    }
    CHECK(proxy.get("/healthz").body == "ok\n");
    const Outcome status = run("finishline", {"status", "-c", proxy.config_file()});  // gives up after 3 s
    CHECK(status.exit == Exit{0, 0});
    CHECK(status.output.find("video-1") != std::string::npos);
  }
}
