#include "client/route.h"

#include <doctest/doctest.h>

#include <string>

using namespace finishline;
using namespace finishline::client;

namespace {

std::string problem_of(const std::string& connect, const std::vector<std::string>& source_ips) {
  const auto route = find_route(connect, source_ips);
  REQUIRE(std::holds_alternative<std::string>(route));
  return std::get<std::string>(route);
}

}  // namespace

TEST_CASE("a route has its target and its sources in the order given") {
  const auto found = find_route("127.0.0.1:9000", {"127.0.0.9", "127.0.0.8"});
  REQUIRE(std::holds_alternative<Route>(found));
  const Route& route = std::get<Route>(found);
  CHECK(route.target.to_string() == "127.0.0.1:9000");
  REQUIRE(route.sources.size() == 2);
  CHECK(route.sources[0].to_string() == "127.0.0.9:0");
  CHECK(route.sources[1].to_string() == "127.0.0.8:0");
}

TEST_CASE("without sources the kernel chooses") {
  CHECK(std::get<Route>(find_route("127.0.0.1:9000", {})).sources.empty());
}

TEST_CASE("an address that is not this machine's is no source") {
  CHECK(problem_of("127.0.0.1:9000", {"127.0.0.2", "192.0.2.1"}) ==
        "--source-ip: cannot connect from 192.0.2.1: Cannot assign requested address");
}

TEST_CASE("what is no address is no source") {
  CHECK(problem_of("127.0.0.1:9000", {"127.0.0.300"}) == "--source-ip: '127.0.0.300' is no IP address");
}

TEST_CASE("a source of the other family is told apart") {
  CHECK(problem_of("127.0.0.1:9000", {"::1"}) ==
        "--source-ip: from ::1 there is no way to 127.0.0.1:9000: one is IPv4, the other IPv6");
}

TEST_CASE("what is wrong with the target comes first") {
  CHECK(problem_of("nowhere", {"127.0.0.300"}).starts_with("--connect: 'nowhere' is no HOST:PORT"));
}
