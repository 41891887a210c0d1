#include "lb/control/access.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

using namespace finishline;
using namespace finishline::control;
using namespace std::chrono_literals;
using http::HttpRequest;

namespace {

struct Door {
  explicit Door(const std::string& more = "") : access(refusals, "secret\n" + more, {}) {}

  static HttpRequest from(const std::string& peer, http::Method method = http::Method::get) {
    return {.method = method, .peer = peer, .headers = {{"host", "127.0.0.1:9900"}}};
  }
  static HttpRequest with_token(const std::string& authorization, const std::string& peer = "127.0.0.1") {
    HttpRequest request = from(peer, http::Method::put);
    request.headers["authorization"] = authorization;
    return request;
  }
  /// 0: may.
  int status(const HttpRequest& request, AccessRole needed) {
    const auto refusal = access.refusal_of(request, needed, now);
    return refusal ? refusal->status : 0;
  }

  Instant now{1h};
  http::RefusalCounts refusals;
  Access access;
};

const http::HttpReply& session_cookie(const http::HttpReply& reply, HttpRequest& request) {
  const std::string& set = reply.headers.at(0).second;
  request.headers["cookie"] = set.substr(0, set.find(';'));
  return reply;
}

}  // namespace

TEST_CASE("who comes from this machine may look without a token, who comes from another may not") {
  Door door;
  CHECK(door.status(Door::from("127.0.0.1"), AccessRole::viewer) == 0);
  CHECK(door.status(Door::from("::1"), AccessRole::viewer) == 0);
  CHECK(door.status(Door::from("10.0.0.7"), AccessRole::viewer) == 401);
  CHECK(door.status(Door::from("10.0.0.7"), AccessRole::nobody) == 0);
  door.access.set_options({.anyone_local_looks = false});
  CHECK(door.status(Door::from("127.0.0.1"), AccessRole::viewer) == 401);
}

TEST_CASE(
    "who comes by a Unix socket is of this machine, by whatever name; a page of another server is not") {
  Door door;
  HttpRequest request = Door::from("unix");
  request.headers["host"] = "finishline";
  CHECK(door.status(request, AccessRole::viewer) == 0);
  request.headers["authorization"] = "Bearer secret";
  request.method = http::Method::put;
  CHECK(door.status(request, AccessRole::operating) == 0);
  request.headers["origin"] = "http://finishline";  // a browser behind a web server in front
  CHECK(door.status(request, AccessRole::operating) == 421);
  HttpRequest over_tcp = Door::from("127.0.0.1");
  over_tcp.headers["host"] = "finishline";
  CHECK(door.status(over_tcp, AccessRole::viewer) == 421);
}

TEST_CASE("a change needs a token that is right to the last letter") {
  Door door;
  CHECK(door.status(Door::from("127.0.0.1", http::Method::put), AccessRole::operating) == 401);
  for (const char* const wrong : {"secret", "Bearer ", "Bearer secre", "Bearer secrets", "Basic secret"})
    CHECK(door.status(Door::with_token(wrong), AccessRole::operating) == 401);
  CHECK(door.status(Door::with_token("Bearer secret"), AccessRole::operating) == 0);
}

TEST_CASE("without a token file nothing can be changed, not even with an empty token") {
  Door door;
  door.access.set_tokens("");
  CHECK(door.status(Door::with_token("Bearer "), AccessRole::operating) == 403);
  CHECK(door.status(Door::with_token("Bearer secret"), AccessRole::operating) == 403);
  CHECK(door.status(Door::from("127.0.0.1"), AccessRole::viewer) == 0);
}

TEST_CASE("a token is kept as its hash and may do what its role may") {
  const NewToken viewer = new_token("bob", AccessRole::viewer);
  const NewToken operating = new_token("alice", AccessRole::operating);
  CHECK(viewer.token.size() == 64);
  CHECK(viewer.line.find(viewer.token) == std::string::npos);
  Door door(viewer.line + "\n# a remark\n" + operating.line);
  CHECK(door.status(Door::with_token("Bearer " + viewer.token, "10.0.0.7"), AccessRole::viewer) == 0);
  CHECK(door.status(Door::with_token("Bearer " + viewer.token), AccessRole::operating) == 403);
  CHECK(door.status(Door::with_token("Bearer " + operating.token), AccessRole::operating) == 0);
  CHECK(door.status(Door::with_token("Bearer " + operating.token), AccessRole::admin) == 403);
  CHECK(door.status(Door::with_token("Bearer secret"), AccessRole::admin) == 0);
  CHECK(door.access.caller_of(Door::with_token("Bearer " + operating.token), door.now).name == "alice");
}

TEST_CASE("a token as it is may hold any letters but spaces") {
  Door door("a_token,=without/spaces\r\nnobody operator sha256");
  CHECK(door.status(Door::with_token("Bearer a_token,=without/spaces"), AccessRole::admin) == 0);
  CHECK(door.status(Door::with_token("bearer a_token,=without/spaces"), AccessRole::admin) == 0);
  CHECK(door.status(Door::with_token("Bearer nobody operator sha256"), AccessRole::admin) == 401);
  CHECK(door.status(Door::with_token("Bearer a"), AccessRole::admin) == 401);
}

TEST_CASE("another way to sign in than by a bearer's token is told apart from a wrong token") {
  Door door;
  const auto refusal =
      door.access.refusal_of(Door::with_token("Basic c2VjcmV0"), AccessRole::operating, door.now);
  REQUIRE(refusal);
  CHECK(refusal->status == 401);
  CHECK(refusal->words.starts_with("no other way to sign in is known here"));
}

TEST_CASE("a session is opened with a token; its changes bring its own token, too") {
  Door door;
  HttpRequest open = Door::from("127.0.0.1", http::Method::post);
  open.body = R"({"token": "wrong"})";
  CHECK(door.access.open_session(open, door.now).status == 401);
  open.body = R"({"token": "secret"})";
  HttpRequest change = Door::from("127.0.0.1", http::Method::put);
  const http::HttpReply reply = session_cookie(door.access.open_session(open, door.now), change);
  REQUIRE(reply.status == 200);
  const std::string cookie = reply.headers.at(0).second;
  CHECK(cookie.find("HttpOnly") != std::string::npos);
  CHECK(cookie.find("SameSite=Strict") != std::string::npos);
  CHECK(door.status(change, AccessRole::operating) == 403);
  change.headers["x-csrf-token"] = nlohmann::json::parse(reply.body)["csrf"];
  CHECK(door.status(change, AccessRole::operating) == 0);

  door.now += 13h;
  CHECK(door.status(change, AccessRole::operating) == 401);
}

TEST_CASE("a session ends with its token, or when its owner leaves") {
  Door door;
  HttpRequest open = Door::from("127.0.0.1", http::Method::post), change = open;
  open.body = R"({"token": "secret"})";
  const http::HttpReply reply = session_cookie(door.access.open_session(open, door.now), change);
  change.headers["x-csrf-token"] = nlohmann::json::parse(reply.body)["csrf"];
  REQUIRE(door.status(change, AccessRole::operating) == 0);
  SUBCASE("leaves") { door.access.close_session(change); }
  SUBCASE("another token") { door.access.set_tokens("another"); }
  CHECK(door.status(change, AccessRole::operating) == 401);
}

TEST_CASE("from networks that are named for it anybody may look, and change nothing") {
  Door door;
  const auto look_from = [&door](const char* peer) {
    return door.status(Door::from(peer), AccessRole::viewer);
  };
  CHECK(look_from("10.9.9.1") == 401);
  const auto network = net::parse_network("10.9.0.0/16");
  door.access.set_options({.anyone_local_looks = false, .viewers = {std::get<net::Network>(network)}});
  CHECK(look_from("10.9.9.1") == 0);
  CHECK(look_from("::ffff:10.9.9.1") == 0);
  CHECK(look_from("10.8.9.1") == 401);
  CHECK(look_from("127.0.0.1") == 401);
  CHECK(door.status(Door::from("10.9.9.1", http::Method::post), AccessRole::operating) == 401);
}

TEST_CASE("after ten wrong tokens an address is told to wait, and keeps nobody out who has a right one") {
  Door door;
  const auto try_wrong = [&door](const char* from) {
    return door.status(Door::with_token("Bearer x", from), AccessRole::operating);
  };
  for (int i = 0; i < 10; ++i) CHECK(try_wrong("10.0.0.7") == 401);
  CHECK(try_wrong("10.0.0.7") == 429);
  CHECK(try_wrong("10.0.0.8") == 401);
  CHECK(door.status(Door::with_token("Bearer secret", "10.0.0.7"), AccessRole::operating) == 0);
  door.now += 61s;
  CHECK(try_wrong("10.0.0.7") == 401);
  CHECK(door.refusals.of(http::Refused::wrong_token) == 12);
  CHECK(door.refusals.of(http::Refused::too_many_wrong) == 1);
}

TEST_CASE("who signs in with a right token gets in past others' wrong ones") {
  Door door;
  HttpRequest open = Door::from("127.0.0.1", http::Method::post);
  open.body = R"({"token": "wrong"})";
  for (int i = 0; i < 11; ++i) door.access.open_session(open, door.now);
  CHECK(door.access.open_session(open, door.now).status == 429);
  open.body = R"({"token": "secret"})";
  CHECK(door.access.open_session(open, door.now).status == 200);
}

TEST_CASE("pages of other names and origins get nothing") {
  Door door;
  HttpRequest request = Door::from("127.0.0.1");
  for (const char* const host : {"127.0.0.1:9900", "localhost:9900", "[::1]:9900", "localhost"}) {
    request.headers["host"] = host;
    CHECK(door.status(request, AccessRole::viewer) == 0);
  }
  request.headers["host"] = "evil.example:9900";
  CHECK(door.status(request, AccessRole::viewer) == 421);
  door.access.set_options({.hosts = Access::hosts_in("lb.example, evil.example")});
  CHECK(door.status(request, AccessRole::viewer) == 0);

  HttpRequest change = Door::with_token("Bearer secret");
  change.headers["origin"] = "http://127.0.0.1:9900";
  CHECK(door.status(change, AccessRole::operating) == 0);
  for (const char* const origin : {"http://evil.example", "null", "http://127.0.0.1:9091"}) {
    change.headers["origin"] = origin;
    CHECK(door.status(change, AccessRole::operating) == 403);
  }
}

TEST_CASE("each way of being refused is counted by its reason, and nobody who may is") {
  Door door;
  using http::Refused;
  const auto counted = [&door](Refused reason) { return door.refusals.of(reason); };
  CHECK(door.status(Door::from("127.0.0.1"), AccessRole::viewer) == 0);
  CHECK(door.refusals.counts() == http::RefusalCounts::Counts{});
  door.status(Door::from("10.0.0.7"), AccessRole::viewer);
  CHECK(counted(Refused::no_token) == 1);
  HttpRequest request = Door::from("127.0.0.1");
  request.headers["host"] = "evil.example";
  door.status(request, AccessRole::viewer);
  CHECK(counted(Refused::wrong_host) == 1);
  request = Door::with_token("Bearer secret");
  request.headers["origin"] = "http://evil.example";
  door.status(request, AccessRole::operating);
  door.access.open_session(request, door.now);
  CHECK(counted(Refused::wrong_origin) == 2);
  request = Door::from("127.0.0.1", http::Method::post);
  request.body = R"({"token": "wrong"})";
  door.access.open_session(request, door.now);
  CHECK(counted(Refused::wrong_token) == 1);
  door.access.set_tokens("");
  door.status(Door::with_token("Bearer secret"), AccessRole::operating);
  CHECK(counted(Refused::changes_off) == 1);
}

TEST_CASE("a line of the token file is one word of 16 letters, or name, role and hash, or a mistake") {
  const std::string hash = "sha256:" + std::string(64, 'a');
  CHECK(mistake_in_tokens("# ours\n\n  \nsixteen-letters-\r\ngraf viewer " + hash + "\n", 1) == "");
  CHECK(mistake_in_tokens("\ngraf boss " + hash, 3) ==
        "line 4: its second word is no role: viewer, operator or admin");
  CHECK(mistake_in_tokens("name viewer sha256:zz", 1).starts_with("line 1: its third word is not sha256:"));
  for (const std::string& wrong :
       {std::string("x"), std::string("fifteen-letters"), std::string("a b c"), hash, "viewer " + hash,
        "graf viewer" + hash, "graf viewer " + hash + " more", "graf viewer " + hash + "a",
        std::string("two words-of-a-token"), "graf viewer sha256:" + std::string(64, 'A')}) {
    CAPTURE(wrong);
    CHECK(mistake_in_tokens(wrong, 1).starts_with("line 1: "));
    http::RefusalCounts refusals;
    Access access(refusals, wrong, {});
    HttpRequest request = Door::with_token("Bearer " + wrong);
    if (wrong.size() > 15) CHECK(access.refusal_of(request, AccessRole::operating, Instant{1h}));
  }
}
