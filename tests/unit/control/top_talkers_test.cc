#include "lb/control/top_talkers.h"

#include <doctest/doctest.h>

#include "lb/address/address.h"
#include "lb/ledger/worker_status.h"
#include "lb/worker/source_host.h"
#include "tests/support/loop_stage.h"

using namespace finishline;
using namespace finishline::control;

namespace {

ledger::SourceHost host(const char* text) {
  return worker::source_host(std::get<net::Address>(net::parse_host(text)));
}

/// A worker that tells, and somebody who looks.
struct TalkersStage : test::LoopStage {
  TalkersStage() {
    note_worker(ledger, 0);
    talkers.look();
  }
  void requests(const char* client, int count) {
    for (int i = 0; i < count; ++i) worker.request([client] { return host(client); }, loop.now());
  }
  std::vector<Talker> top(SourceDetail detail, std::size_t expected) {
    until({}, [&] { return talkers.top(detail, 10).size() == expected; });
    return talkers.top(detail, 10);
  }
  ledger::Ledger ledger =
      std::get<ledger::Ledger>(ledger::Ledger::create({.max_workers = 1, .max_servers = 1}));
  TopTalkers talkers{loop, ledger};
  ledger::SourceWriter worker{ledger, 0};
};

}  // namespace

TEST_CASE("an address of IPv4 counts as its /24, and one of IPv6 as its /64") {
  CHECK(text_of(network_of(host("10.1.2.3")), SourceDetail::network) == "10.1.2.0/24");
  CHECK(text_of(network_of(host("2001:db8:0:1:ffff::9")), SourceDetail::network) == "2001:db8:0:1::/64");
  CHECK(text_of(host("10.1.2.3"), SourceDetail::address) == "10.1.2.3");
  CHECK(text_of(host("2001:db8::9"), SourceDetail::address) == "2001:db8::9");
}

TEST_CASE("whoever sends most comes first, by network or by address") {
  TalkersStage stage;
  stage.requests("10.1.2.3", 160);
  stage.requests("10.1.2.4", 160);
  stage.requests("192.0.2.1", 240);
  const auto networks = stage.top(SourceDetail::network, 2);
  REQUIRE(networks.size() == 2);
  CHECK(networks[0].network == "10.1.2.0/24");
  CHECK(networks[1].network == "192.0.2.0/24");
  CHECK(networks[0].rate == doctest::Approx(networks[1].rate * 320 / 240));
  const auto addresses = stage.top(SourceDetail::address, 3);
  REQUIRE(addresses.size() == 3);
  CHECK(addresses[0].network == "192.0.2.1");
}

TEST_CASE("whoever only connects is told of, behind those who send") {
  TalkersStage stage;
  for (int i = 0; i < 5; ++i) stage.worker.connection(host("203.0.113.7"), stage.loop.now());
  stage.requests("192.0.2.1", 16);
  const auto networks = stage.top(SourceDetail::network, 2);
  REQUIRE(networks.size() == 2);
  CHECK(networks[1].network == "203.0.113.0/24");
  CHECK(networks[1].rate == 0);
  CHECK(networks[1].connections > 0);
}

TEST_CASE("who came over a socket in the file system has no address, and is nobody's traffic") {
  TalkersStage stage;
  stage.worker.connection({}, stage.loop.now());
  stage.requests("192.0.2.1", 16);
  CHECK(stage.top(SourceDetail::network, 1).size() == 1);
}
