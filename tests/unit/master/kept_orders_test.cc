#include "lb/master/kept_orders.h"

#include <doctest/doctest.h>

#include <string>
#include <variant>

#include "lb/ledger/pool_row.h"
#include "lb/master/generation.h"
#include "lb/sched/policies.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::master;

namespace {

/// A pool that follows makespan by its file, with two servers, and a state_dir in which `orders` are kept.
struct Restart {
  explicit Restart(const std::string& orders, const std::string& policy_in_file = "makespan") {
    dir.write("orders.json", orders);
    config.proxy.state_dir = dir.file("");
    for (const char* name : {"a", "b"}) config.servers.emplace_back().name = name;
    config.pools.emplace_back().name = "media";
    REQUIRE(std::holds_alternative<std::vector<ledger::ServerId>>(ensure_rows(config, ledger)));
    row = ledger::ensure_pool(ledger, "media").value();
    const std::uint8_t number = sched::find_choice(policy_in_file)->number;
    ledger::configure_policy(ledger, row, number, number);
    carry_out_kept_orders(config, ledger);
  }
  bool drains(const char* server) const {
    return ledger.admin(*ledger.find_server(server)) == ledger::AdminState::drain;
  }
  std::string_view policy() const { return sched::name_of_choice(ledger::pool_policy(ledger, row).running); }

  test::TempDir dir;
  config::Config config;
  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 3}));
  ledger::PoolId row = 0;
};

constexpr const char* kKept =
    R"({"drained": ["b", "gone"], "policies": {"media": {"policy": "regret", "file": "makespan"}, "old": {"policy": "regret", "file": "random"}}})";

}  // namespace

TEST_CASE("what was drained drains again, and the policy that was chosen is followed, whoever is gone") {
  const Restart it(kKept);
  CHECK(it.drains("b"));
  CHECK_FALSE(it.drains("a"));
  CHECK(it.policy() == "regret");
}

TEST_CASE("a policy that was chosen against another file is left to the file") {
  const Restart it(kKept, "random");
  CHECK(it.policy() == "random");
  CHECK(it.drains("b"));
}

TEST_CASE("kept orders that make no sense are as good as none") {
  for (const char* broken :
       {"", "{", "[]", R"({"drained": 7})", R"({"drained": [1], "policies": {}})",
        R"({"drained": [], "policies": {"media": {"policy": "no such", "file": "makespan"}}})"}) {
    const Restart it(broken);
    CHECK_FALSE(it.drains("a"));
    CHECK_FALSE(it.drains("b"));
    CHECK(it.policy() == "makespan");
  }
}
