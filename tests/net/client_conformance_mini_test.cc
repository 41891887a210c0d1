// The rules of the two-byte protocol, played against a reference server, which keeps them, and against peers
// that each break one: that one is named, with what came.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "client/conformance.h"
#include "proto/mini.h"
#include "tests/support/client_stage.h"
#include "tests/support/server_process.h"

using namespace finishline;
using namespace finishline::client;

namespace {

using Results = std::vector<RuleResult>;
using Session = ScriptedPeer::Session;

/// A peer that answers whatever comes by what `answer` makes of it, byte by byte as it comes.
Results against(const std::function<void(Session&, std::string_view)>& answer) {
  net::Loop loop;
  ScriptedPeer peer(loop);
  peer.on_raw = answer;
  Route route;
  route.target = peer.address();
  return conform(loop, route, {.mini = true, .patience = 300ms});
}

/// What came where this rule was broken; "kept" where it was not.
std::string came(const Results& results, const std::string& rule) {
  const auto at = std::ranges::find(results, rule, &RuleResult::rule);
  REQUIRE(at != results.end());
  return at->outcome == Outcome::broken ? at->came : "kept";
}

}  // namespace

TEST_CASE("the reference server keeps every rule of the two-byte protocol") {
  server::Options options;
  options.protocol = server::Protocol::mini;
  const test::ServerProcess server(options);
  net::Loop loop;
  Route route;
  route.target = server.address();
  const Results results = conform(loop, route, {.mini = true});
  CHECK_MESSAGE(all_kept(results), to_summary(results));
  CHECK(results.size() >= 10);
}

TEST_CASE("an echo takes for a request what is none, and answers halves") {
  const Results results = against([](Session& session, std::string_view text) { session.send(text); });
  CHECK(came(results, "a request is answered") == "kept");
  CHECK(came(results, "replies in order") == "kept");
  CHECK(came(results, "no letter") == "'V2?1' instead of 'V2!1'");
  CHECK(came(results, "no digit") == "'V2Vx' instead of 'V2!1'");
  CHECK(came(results, "half a request") == "a reply to half a request");
}

TEST_CASE("a peer that answers in an order of its own breaks that rule, and not that of one reply each") {
  const Results results = against([](Session& session, std::string_view text) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at + 1 < text.size(); at += 2) words.emplace_back(text.substr(at, 2));
    std::ranges::sort(words);
    for (const std::string& word : words) session.send(word);
  });
  CHECK(came(results, "replies in order") == "'V1V3V5V9' instead of 'V9V1V3V5'");
  CHECK(came(results, "one reply each") == "kept");
}

TEST_CASE("a peer that answers twice, or takes each read for one request, is found") {
  Results results = against([](Session& session, std::string_view text) {
    session.send(text);
    session.send(text);
  });
  CHECK(came(results, "one reply each") == "more than 20 replies to 20 requests");
  results = against([](Session& session, std::string_view text) { session.send(text.substr(0, 2)); });
  CHECK(came(results, "a request is answered") == "kept");
  CHECK(came(results, "replies in order") == "'V9' instead of 'V9V1V3V5', then nothing for 300.0 ms");
}

TEST_CASE("a peer that ends every connection with the first bad one harms others") {
  std::vector<Session*> open;
  const Results results = against([&open](Session& session, std::string_view text) {
    if (std::ranges::find(open, &session) == open.end()) open.push_back(&session);
    if (text.starts_with('V')) return session.send(text);
    for (const auto& it : session.peer.sessions) it->hang_up();
  });
  CHECK(came(results, "others are not harmed").starts_with("the connection ended"));
}
