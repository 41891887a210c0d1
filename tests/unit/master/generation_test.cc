#include "lb/master/generation.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "lb/ledger/row_lease.h"

using namespace finishline;
using namespace finishline::master;

namespace {

config::Config with_servers(const std::vector<std::string>& names) {
  config::Config config;
  for (const std::string& name : names) config.servers.emplace_back().name = name;
  return config;
}

struct Stage {
  /// The rows, as after a reload that came into force; or why there are not enough, which changes nothing.
  std::string change_to(const std::vector<std::string>& names) {
    const config::Config config = with_servers(names);
    const auto rows = ensure_rows(config, ledger);
    if (const auto* why = std::get_if<std::string>(&rows)) return *why;
    retire_rows(config, ledger);
    return "";
  }
  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 3}));
};

}  // namespace

TEST_CASE("servers come and go, many more of them than there are rows") {
  Stage stage;
  for (int i = 0; i < 10; ++i) REQUIRE(stage.change_to({"came-" + std::to_string(i), "stays"}) == "");
  CHECK(stage.ledger.server_count() == 3);
}

TEST_CASE("a server that comes back gets its own row, whoever is named before it") {
  Stage stage;
  REQUIRE(stage.change_to({"a", "b", "c"}) == "");
  const auto row = stage.ledger.find_server("b");
  REQUIRE(stage.change_to({"a", "c"}) == "");
  REQUIRE(stage.change_to({"a", "b", "c"}) == "");
  CHECK(stage.ledger.find_server("b") == row);
  REQUIRE(stage.change_to({"a"}) == "");
  REQUIRE(stage.change_to({"new", "a", "b"}) == "");
  CHECK(stage.ledger.find_server("b") == row);
}

TEST_CASE("rows that are short are told with what can be done, and nothing has changed") {
  Stage stage;
  REQUIRE(stage.change_to({"a", "b"}) == "");
  ledger::WorkerBooks worker(stage.ledger, 0);
  worker.acquire_row(*stage.ledger.find_server("b"));
  REQUIRE(stage.change_to({"a"}) == "");
  CHECK(
      stage.change_to({"a", "c", "d"}) ==
      "2 new servers need a row each in the ledger, which has 3 and 1 to spare while the servers in use keep "
      "theirs: raise proxy.max_servers and restart, or wait until 1 removed servers have finished what is in "
      "flight");
  CHECK(stage.ledger.state(*stage.ledger.find_server("b")) == ledger::ServerState::absent);
  CHECK_FALSE(stage.ledger.find_server("c"));
  worker.release_row(*stage.ledger.find_server("b"));
  CHECK(stage.change_to({"a", "c", "d"}) == "");
}

// None of these assert a time: what looked at all rows for each server would not end here.
TEST_CASE("forty thousand servers come, go and are exchanged") {
  constexpr std::uint32_t kServers = 40'000;
  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, kServers}));
  const auto named = [](const std::string& first) {
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < kServers; ++i) names.push_back(first + std::to_string(i));
    return with_servers(names);
  };
  for (const std::string first : {"a-", "a-", "b-"}) {
    const config::Config config = named(first);
    retire_rows(config, ledger);
    const auto rows = ensure_rows(config, ledger);
    REQUIRE(std::holds_alternative<std::vector<ledger::ServerId>>(rows));
    const auto& ids = std::get<std::vector<ledger::ServerId>>(rows);
    for (const std::size_t i : {std::size_t{0}, std::size_t{17}, std::size_t{kServers - 1}})
      CHECK(ledger.server_name(ids[i]) == config.servers[i].name);
  }
  CHECK(ledger.server_count() == kServers);
}
