// The rules of the protocol, played against a reference server, which keeps them, and against peers that each
// break one: that one is named, with what came.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "client/conformance.h"
#include "tests/support/client_stage.h"
#include "tests/support/server_process.h"

using namespace finishline;
using namespace finishline::client;

namespace {

using Results = std::vector<RuleResult>;
using Session = ScriptedPeer::Session;

/// A peer that answers requests and pings as it should, unless `answer` does it.
Results against(const std::function<bool(Session&, const Seen&)>& answer) {
  net::Loop loop;
  ScriptedPeer peer(loop);
  peer.on_request = [&answer](Session& session, const Seen& seen) {
    if (answer(session, seen)) return;
    if (seen.header.kind == proto::Kind::request) return session.reply(seen);
    proto::FrameHeader pong = seen.header;
    pong.kind = proto::Kind::pong;
    session.send(pong);
  };
  Route route;
  route.target = peer.address();
  return conform(loop, route, {.max_body = 1U << 16, .patience = 300ms});
}

const RuleResult& result_of(const Results& results, const std::string& rule) {
  const auto at = std::ranges::find(results, rule, &RuleResult::rule);
  REQUIRE(at != results.end());
  return *at;
}

/// What came where this rule was broken; "kept" where it was not.
std::string came(const Results& results, const std::string& rule) {
  const RuleResult& result = result_of(results, rule);
  return result.outcome == Outcome::broken ? result.came : "kept";
}

proto::FrameHeader reply_to(const Seen& seen) {
  proto::FrameHeader header = seen.header;
  header.kind = proto::Kind::reply;
  header.detail = 0;
  return header;
}

bool is_request(const Seen& seen) { return seen.header.kind == proto::Kind::request; }

}  // namespace

TEST_CASE("the reference server keeps every rule of the protocol") {
  const test::ServerProcess server(server::Options{});
  net::Loop loop;
  Route route;
  route.target = server.address();
  const Results results = conform(loop, route, {});
  CHECK_MESSAGE(all_kept(results), to_summary(results));
  CHECK(results.size() >= 25);
}

TEST_CASE("a peer with ids, lengths or types of its own breaks the rule that they are echoed") {
  auto results = against([](Session& session, const Seen& seen) {
    if (!is_request(seen)) return false;
    proto::FrameHeader header = reply_to(seen);
    header.id = header.id & 0xffffffffU;
    session.send(header, seen.body);
    return true;
  });
  CHECK(came(results, "ids are echoed") == "id 0x76543210 instead of 0xfedcba9876543210");
  CHECK(came(results, "a request is answered") == "kept");
  results = against([](Session& session, const Seen& seen) {
    if (!is_request(seen)) return false;
    proto::FrameHeader header = reply_to(seen);
    header.length = 1;
    session.send(header, seen.body);
    return true;
  });
  CHECK(came(results, "type and length are echoed") == "length 1 instead of 3");
}

TEST_CASE("one mistake breaks one rule: what only follows from it is not asked, and told as it is known") {
  std::size_t requests = 0;
  std::vector<std::string> told;
  net::Loop loop;
  ScriptedPeer peer(loop);
  peer.on_request = [&requests](Session& session, const Seen& seen) {
    requests += is_request(seen);
    proto::FrameHeader header = seen.header;
    header.kind = is_request(seen) ? proto::Kind::reply : proto::Kind::pong;
    header.detail = 0;
    if (is_request(seen)) header.id = 0;
    session.send(header,
                 is_request(seen) ? std::span<const std::byte>(seen.body) : std::span<const std::byte>());
  };
  Route route;
  route.target = peer.address();
  const auto results = conform(loop, route, {.max_body = 1U << 16, .patience = 300ms},
                               [&told](const RuleResult& result) { told.push_back(result.rule); });
  for (const char* rule : {"a request is answered", "network byte order", "type and length are echoed",
                           "flags are echoed", "pings", "pings for health"})
    CHECK_MESSAGE(result_of(results, rule).outcome == Outcome::kept, rule);
  CHECK(came(results, "ids are echoed") == "id 0x0 instead of 0xfedcba9876543210");
  for (const char* rule : {"one reply each", "bodies", "another version", "cancels elsewhere", "goaway"}) {
    CHECK_MESSAGE(result_of(results, rule).outcome == Outcome::untried, rule);
    CHECK(result_of(results, rule).came == "not asked: follows from \"ids are echoed\"");
  }
  REQUIRE(told.size() == results.size());
  for (std::size_t n = 0; n < told.size(); ++n) CHECK(told[n] == results[n].rule);
  CHECK(requests <= 9);
}

TEST_CASE("a peer that sends numbers in little-endian order is told so") {
  const auto results = against([](Session& session, const Seen& seen) {
    if (!is_request(seen)) return false;
    proto::FrameHeader header = reply_to(seen);
    header.id = __builtin_bswap64(header.id);
    session.send(header);
    return true;
  });
  CHECK(came(results, "network byte order") == "the id in little-endian order");
}

TEST_CASE("a peer that answers twice, or not at all, breaks the rule of one reply") {
  auto results = against([](Session& session, const Seen& seen) {
    if (is_request(seen)) session.reply(seen);
    return false;
  });
  CHECK(came(results, "one reply each").starts_with("two replies with id"));
  results = against([](Session&, const Seen& seen) { return is_request(seen) && seen.header.id == 7; });
  CHECK(came(results, "one reply each") == "19 replies to 20 requests, then nothing for 300.0 ms");
}

TEST_CASE("a peer that works before it answers pings breaks that rule, and no other about pings") {
  std::vector<Seen> later;
  const auto results = against([&later](Session& session, const Seen& seen) {
    if (is_request(seen) && seen.header.length == 200) {
      proto::FrameHeader header = reply_to(seen);
      header.service_us = 200'000;
      session.send(header);
      return true;
    }
    return false;
  });
  CHECK(came(results, "pings at work").starts_with("a reply with status ok"));
  CHECK(came(results, "pings") == "kept");
}

TEST_CASE("a peer that takes what makes no sense, or stays open behind it, is found") {
  const auto results = against([](Session&, const Seen&) { return false; });
  for (const char* rule :
       {"another version", "unknown kinds", "unknown flags", "garbage", "the other direction"})
    CHECK_MESSAGE(came(results, rule) != "kept", rule);
  CHECK(came(results, "another version") == "nothing for 300.0 ms");
  CHECK(came(results, "garbage") == "the connection stays open");
}

TEST_CASE("a peer that speaks something else breaks every rule that waits for an answer, and is recognised") {
  net::Loop loop;
  ScriptedPeer peer(loop);
  peer.on_raw = [](Session& session, std::string_view) {
    session.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  };
  Route route;
  route.target = peer.address();
  const Results results = conform(loop, route, {.max_body = 1U << 10, .patience = 300ms});
  CHECK_FALSE(all_kept(results));
  CHECK(came(results, "a request is answered").ends_with("which look like HTTP"));
}

TEST_CASE(
    "the report on conformance counts, and says of what is broken what came and what the protocol says") {
  const Results results{{"ids are echoed", "the id is echoed", Outcome::broken, "id 0x1 instead of 0x2"},
                        {"pings", "a pong", Outcome::kept, ""},
                        {"too long", "too_large", Outcome::untried, "it has no limit"}};
  CHECK(to_line(results[0]).find("  BROKEN   the id is echoed\n") != std::string::npos);
  CHECK(to_line(results[1]).starts_with("  pings "));
  CHECK(to_line(results[2]).ends_with("  untried  it has no limit\n"));
  CHECK(table_head().find("the protocol says") == to_line(results[1]).find("a pong"));
  const std::string text = to_summary(results);
  CHECK(text.find(
            "ids are echoed (BROKEN): came id 0x1 instead of 0x2; the protocol says: the id is echoed\n") !=
        std::string::npos);
  CHECK(text.ends_with("1 kept, 1 broken, 1 untried\n"));
  const auto json = nlohmann::json::parse(to_json(results));
  CHECK(json["broken"] == 1);
  CHECK(json["rules"][0]["came"] == "id 0x1 instead of 0x2");
  CHECK_FALSE(all_kept(results));
}
