#include "lb/control/explain.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "lb/ledger/demand.h"
#include "lb/ledger/learned_costs.h"
#include "lb/ledger/server_state.h"
#include "lb/ledger/worker_status.h"
#include "proto/quantity.h"

using namespace finishline;
using namespace finishline::control;

namespace {

struct ExplainDesk {
  ExplainDesk() { note_worker(ledger, 0); }
  nlohmann::json ask() { return nlohmann::json::parse(explain.decisions({.name = "media"}).body); }
  http::HttpReply what_if(const std::string& type, const std::string& length = "") {
    return explain.prospect({.name = "media", .query = {{"type", type}, {"length", length}}});
  }
  void decide(std::uint32_t length) {
    ledger::Decision made{.received_at = ledger.created_at() + 100ms,
                          .decided_at = ledger.created_at() + 250ms,
                          .service = 5ms,
                          .length = length,
                          .server = server,
                          .pool = row,
                          .type = 1,
                          .why = ledger::Why::in_order};
    made.alternatives[0] = {server, 5ms};
    made.alternative_count = 1;
    writer.write(made);
  }
  bool explaining() const { return ledger::PoolOrders(ledger, row).explaining(); }

  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 2}));
  ledger::ServerId server = *ledger.ensure_server("video-1", 1);
  ledger::PoolId row = *ledger::ensure_pool(ledger, "media");
  Names names{{"video", "music"}, {"video"}, {row}};
  net::Loop loop;
  Explain explain{
      loop, ledger, names, {{.row = row, .servers = {server}, .costs = {{{0, 1}}, 2, {1e6, 2e6}}}}};
  ledger::DecisionWriter writer{ledger, 0};
};

}  // namespace

TEST_CASE("decisions are told from the first question on, in words and in numbers") {
  ExplainDesk desk;
  desk.decide(1);
  CHECK_FALSE(desk.explaining());
  CHECK(desk.ask().at("decisions").empty());
  CHECK(desk.explaining());
  desk.decide(5);
  const auto told = desk.ask().at("decisions");
  REQUIRE(told.size() == 1);
  CHECK(told[0].at("type") == "music");
  CHECK(told[0].at("length") == 5);
  CHECK(told[0].at("waited_us") == 150000);
  CHECK(told[0].at("why") == "in_order");
  CHECK(told[0].at("servers")[0].at("until_done_us") == 5000);
  const std::string words = told[0].at("words");
  CHECK(words.starts_with("music of length 5 waited " + human(150ms) + " and went to video-1: "));
  CHECK(words.ends_with("It would have been done by video-1 in " + human(5ms) + "."));
}

TEST_CASE("only the latest decisions are kept") {
  ExplainDesk desk;
  desk.ask();
  for (std::uint32_t n = 1; n <= 3 * Explain::kKeptDecisions; ++n) desk.decide(n);
  const auto told = desk.ask().at("decisions");
  REQUIRE(told.size() == Explain::kKeptDecisions);
  CHECK(told.back().at("length") == 3 * Explain::kKeptDecisions);
}

TEST_CASE("what would become of a request is told without asking the workers for anything") {
  ExplainDesk desk;
  const auto told = nlohmann::json::parse(desk.what_if("music", "3").body);
  CHECK(told.at("server") == "video-1");
  CHECK(told.at("until_done_us") == 6000);
  CHECK(told.at("servers")[0].at("service_us") == 6000);
  CHECK_FALSE(desk.explaining());
}

TEST_CASE("what waits before it is counted in") {
  ExplainDesk desk;
  ledger::Demand demand(desk.ledger, desk.row, 0);
  demand.show({.head_key = 1, .volume = 20, .count = 4, .head_length = 5, .type = 1});
  const auto told = nlohmann::json::parse(desk.what_if("music").body);
  CHECK(told.at("waiting") == 4);
  CHECK(told.at("until_begun_us") == 40000);
}

TEST_CASE("a pool that learns is foreseen by what was learned, as its workers do") {
  ExplainDesk desk;
  desk.explain.change_to(
      {{.row = desk.row, .servers = {desk.server}, .costs = {{{0, 1}}, 2, {1e6, 2e6}}, .learns = true}});
  CHECK(nlohmann::json::parse(desk.what_if("music", "3").body).at("until_done_us") == 6000);
  ledger::write_learned_cost(desk.ledger, desk.server, 1, {.declared = 2e6, .learned = 5e6, .samples = 9});
  const auto told = nlohmann::json::parse(desk.what_if("music", "3").body);
  CHECK(told.at("until_done_us") == 15000);
  CHECK(told.at("servers")[0].at("service_us") == 15000);
}

TEST_CASE("what there is not is told") {
  ExplainDesk desk;
  CHECK(desk.explain.decisions({.name = "nothing"}).status == 404);
  CHECK(desk.explain.prospect({.name = "nothing", .query = {{"type", "video"}}}).status == 404);
  CHECK(desk.what_if("cake").status == 400);
  CHECK(desk.what_if("video", "long").status == 400);
}

TEST_CASE("what is told of a request that begins because it would end late is true of a short one, too") {
  ExplainDesk desk;
  desk.ask();
  ledger::Decision made{.received_at = desk.ledger.created_at() + 100ms,
                        .decided_at = desk.ledger.created_at() + 121600us,
                        .service = 1ms,
                        .length = 1,
                        .server = desk.server,
                        .pool = desk.row,
                        .type = 1,
                        .why = ledger::Why::critical};
  desk.writer.write(made);
  const auto told = desk.ask().at("decisions");
  REQUIRE(told.size() == 1);
  CHECK(told[0].at("why") == "critical");
  const std::string words = told[0].at("words");
  CHECK(words.find("it is so long") == std::string::npos);
  CHECK(words.find("begun here at once it would still end late in the time that all known work needs") !=
        std::string::npos);
}

TEST_CASE("a pool of streams is told as what it is, not as a name that is wrong") {
  ExplainDesk desk;
  const ledger::PoolId web = *ledger::ensure_pool(desk.ledger, "web");
  desk.names.pools.push_back(web);
  desk.names.stream_pools = {web};
  const http::HttpReply reply = desk.explain.page({.name = "web"});
  CHECK(reply.status == 409);
  CHECK(reply.body.find("pool 'web' carries streams") != std::string::npos);
  CHECK(desk.explain.page({.name = "wbe"}).status == 404);
}
