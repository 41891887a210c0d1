// What a client that speaks HTTP asks for and is given, over loopback.
#include "lb/worker/http_session.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/http_stage.h"

using namespace finishline;
using namespace finishline::test;
using ledger::CloseReason;
using ledger::WorkerCell;
using proto::Status;

TEST_CASE("a POST is typed work, and the reply brings the body, the server's name and how long it took") {
  SessionStage proxy(Protocol::http);
  StagePeer& client = proxy.connect();
  client.send(post("/video?length=5", "cat", "Finishline-Deadline: 2s\r\nFinishline-Priority: 1\r\n"));
  REQUIRE(proxy.until_sent(1));
  const auto& sent = proxy.link.sent[0];
  CHECK(sent.request.code == 'V');
  CHECK(sent.request.length == 5);
  CHECK(sent.request.deadline_ms == 2000);
  CHECK(sent.request.retryable());
  CHECK(proto::priority_of(sent.request.flags) == 1);
  CHECK(text_of(sent.body) == "cat");
  proxy.reply(0);
  REQUIRE(until_has(proxy, client, "\r\n\r\ncat"));
  CHECK(client.received().starts_with("HTTP/1.1 200 OK\r\nDate: "));
  CHECK(has(client, " GMT\r\nContent-Length: 3\r\nContent-Type: application/octet-stream\r\n"));
  CHECK(has(client, "\r\nFinishline-Server: video-1\r\n"));
  CHECK(has(client, "\r\nServer-Timing: work;dur=1.000, total;dur="));
  CHECK_FALSE(has(client, "Connection:"));
  CHECK(proxy.total(WorkerCell::client_bytes_out) == static_cast<std::int64_t>(client.received().size()));
  client.send(post("/video?length=1", "dog"));
  REQUIRE(proxy.until_sent(2));
  proxy.reply(1);
  REQUIRE(until_has(proxy, client, "dog"));
  client.close();
  CHECK(proxy.until([&] { return proxy.closed(CloseReason::client_closed) == 1; }));
}

TEST_CASE("requests that are sent ahead are under way together, and their replies leave in order") {
  SessionStage proxy(Protocol::http);
  StagePeer& client = proxy.connect();
  client.send(post("/video?length=1", "one") + post("/vidoe?length=1") + post("/video?length=2", "two"));
  REQUIRE(proxy.until_sent(2));
  proxy.reply(1);
  proxy.turn();
  CHECK(client.received().empty());
  proxy.reply(0);
  REQUIRE(until_has(proxy, client, "\r\n\r\ntwo"));
  const std::string& all = client.received();
  CHECK(all.find("one") < all.find("did you mean 'video'?"));
  CHECK(all.find("did you mean 'video'?") < all.find("two"));
  CHECK(count(all, "HTTP/1.1 ") == 3);
  CHECK(proxy.rejected(Status::unknown_type) == 1);
}

TEST_CASE("a reply that is larger than may be is not the client's mistake") {
  SessionStage proxy(Protocol::http);
  StagePeer& client = proxy.connect();
  client.send(post("/video?length=5", "why", "Finishline-Retryable: no\r\n"));
  REQUIRE(proxy.until_sent(1));
  proxy.reply_too_large(0);
  REQUIRE(until_has(proxy, client, "the server's reply is larger than may be\n"));
  CHECK(client.received().starts_with("HTTP/1.1 500 "));
}

TEST_CASE("each status of a server or of the proxy has one of HTTP, and tells when to come again") {
  struct Row {
    Status status;
    std::string_view line;
  };
  const Row rows[] = {{Status::server_error, "HTTP/1.1 500 "}, {Status::too_large, "HTTP/1.1 413 "}};
  for (const Row& row : rows) {
    CAPTURE(row.line);
    SessionStage proxy(Protocol::http);
    StagePeer& client = proxy.connect();
    client.send(post("/video?length=5", "why", "Finishline-Retryable: no\r\n"));
    REQUIRE(proxy.until_sent(1));
    proxy.reply(0, row.status);
    REQUIRE(until_has(proxy, client, "\r\n\r\n"));
    CHECK(client.received().starts_with(row.line));
    CHECK(has(client, "\r\nFinishline-Status: " + std::string(name_of(row.status)) + "\r\n"));
  }
  SessionStage proxy(Protocol::http);
  StagePeer& client = proxy.connect();
  client.send(post("/music?length=5", "", "Finishline-Retryable: no\r\n"));
  REQUIRE(proxy.until_sent(1));
  proxy.dispatcher.on_link_down(0, proxy.now());
  REQUIRE(until_has(proxy, client, "HTTP/1.1 502 "));
  client.send(post("/video?length=5"));
  REQUIRE(until_has(proxy, client, "HTTP/1.1 503 "));
  CHECK(has(client, "\r\nRetry-After: 1\r\n"));
}

TEST_CASE("the body of a failure is the server's own") {
  SessionStage proxy(Protocol::http);
  StagePeer& client = proxy.connect();
  client.send(post("/video?length=5", "out of film"));
  REQUIRE(proxy.until_sent(1));
  proxy.reply(0, Status::server_error);
  REQUIRE(until_has(proxy, client, "\r\n\r\nout of film"));
  CHECK(has(client, "Finishline-Server: video-1"));
}

TEST_CASE("other methods are told which one is taken, HEAD without a body, and the connection stays") {
  SessionStage proxy(Protocol::http);
  StagePeer& client = proxy.connect();
  client.send("HEAD /video HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n" +
              post("/video?length=1", "x"));
  REQUIRE(proxy.until_sent(1));
  proxy.reply(0);
  REQUIRE(until_has(proxy, client, " 200 OK"));
  CHECK(count(client.received(), "HTTP/1.1 405 Method Not Allowed\r\n") == 2);
  CHECK(count(client.received(), "\r\nAllow: POST\r\n") == 2);
  CHECK(count(client.received(), "only POST") == 1);
  CHECK(proxy.rejected(Status::bad_frame) == 2);
}

TEST_CASE(
    "who waits to be told to send its body is told when it is wanted, and refused at once when it is not") {
  SessionStage proxy(Protocol::http);
  StagePeer& client = proxy.connect();
  client.send(
      "POST /video?length=5 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  REQUIRE(until_has(proxy, client, "HTTP/1.1 100 Continue\r\n\r\n"));
  client.send("cat");
  REQUIRE(proxy.until_sent(1));
  proxy.reply(0);
  REQUIRE(until_has(proxy, client, "\r\n\r\ncat"));
  client.send(
      "POST /vidoe?length=5 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(has(client, "HTTP/1.1 404 Not Found"));
  CHECK(has(client, "\r\nConnection: close\r\n"));
  CHECK(count(client.received(), "100 Continue") == 1);
  CHECK(proxy.closed(CloseReason::body_refused) == 1);
}

TEST_CASE("a word to go on waits for the replies before it") {
  SessionStage proxy(Protocol::http);
  StagePeer& client = proxy.connect();
  client.send(
      post("/video?length=1", "one") +
      "POST /video?length=5 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  REQUIRE(proxy.until_sent(1));
  proxy.turn();
  CHECK(client.received().empty());
  proxy.sessions.check_time(proxy.now() +
                            std::chrono::hours(1));  // it owes nothing: header_timeout is not for it
  proxy.reply(0);
  REQUIRE(until_has(proxy, client, "one" + std::string(http::kContinue)));
}

TEST_CASE(
    "what two readers could take for two requests is refused once, behind all earlier replies, and closes") {
  SessionStage proxy(Protocol::http);
  StagePeer& client = proxy.connect();
  client.send(
      post("/video?length=1", "one") +
      "POST /video?length=5 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\n" +
      post("/video?length=9"));
  REQUIRE(proxy.until_sent(1));
  proxy.turn();
  CHECK(client.received().empty());
  proxy.reply(0);
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(count(client.received(), "HTTP/1.1 ") == 2);
  CHECK(has(client, "HTTP/1.1 400 Bad Request"));
  CHECK(has(client, "\r\nConnection: close\r\n"));
  CHECK(proxy.closed(CloseReason::bad_request) == 1);
  CHECK(proxy.link.sent.size() == 1);
}

TEST_CASE("a body that is too large is refused by its head") {
  SessionStage proxy(Protocol::http);
  proxy.options.max_body = 10;
  StagePeer& client = proxy.connect();
  client.send(post("/video?length=1", std::string(11, 'x')));
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(has(client, "HTTP/1.1 413 Content Too Large"));
  CHECK(proxy.rejected(Status::too_large) == 1);
  CHECK(proxy.closed(CloseReason::body_refused) == 1);
}

TEST_CASE("a length above the limit is refused, and the connection goes on") {
  SessionStage proxy(Protocol::http);
  StagePeer& client = proxy.connect();
  client.send(post("/video?length=1001", "x") + post("/video?length=1000", "y"));
  REQUIRE(proxy.until_sent(1));
  REQUIRE(until_has(proxy, client, "HTTP/1.1 413 "));
  CHECK(has(client, "work.max_length"));
}

TEST_CASE("the size of the body is the length where the listener says so") {
  SessionStage proxy(Protocol::http);
  proxy.options.http.length_from = *model::parse_length_source("body");
  proxy.options.http.bytes_per_unit = 10;
  StagePeer& client = proxy.connect();
  client.send(post("/video", std::string(35, 'x')));
  REQUIRE(proxy.until_sent(1));
  CHECK(proxy.link.sent[0].request.length == 4);
}

TEST_CASE("who says that it is the last request gets its reply and then the end, however long that takes") {
  SessionStage proxy(Protocol::http);
  proxy.options.handshake_timeout = 60s;
  for (const bool old : {false, true}) {
    StagePeer& client = proxy.connect();
    client.send(old ? "POST /video?length=1 HTTP/1.0\r\nContent-Length: 1\r\n\r\nx"
                    : post("/video?length=1", "x", "Connection: close\r\n"));
    REQUIRE(proxy.until_sent(old ? 2 : 1));
    proxy.sessions.check_time(proxy.now() + std::chrono::hours(1));
    proxy.reply(old ? 1 : 0);
    REQUIRE(proxy.until([&] { return client.ended(); }));
    CHECK(has(client, "HTTP/1.1 200 OK"));
    CHECK(has(client, "\r\nConnection: close\r\n"));
  }
  CHECK(proxy.closed(CloseReason::client_closed) == 2);
}

TEST_CASE("an old client that wants to stay is told that it may") {
  SessionStage proxy(Protocol::http);
  StagePeer& client = proxy.connect();
  client.send("POST /video?length=1 HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx");
  REQUIRE(proxy.until_sent(1));
  proxy.reply(0);
  REQUIRE(until_has(proxy, client, "\r\nConnection: keep-alive\r\n"));
}

TEST_CASE(
    "in a drain the last reply to what was under way says that the connection ends, however late it is") {
  for (const Nanos works_for : {Nanos{0}, Nanos{300ms}, Nanos{1500ms}}) {
    CAPTURE(works_for.count());
    SessionStage proxy(Protocol::http);
    StagePeer& client = proxy.connect();
    client.send(post("/video?length=1", "one") + post("/video?length=1", "two"));
    REQUIRE(proxy.until_sent(2));
    proxy.sessions.drain_all();
    proxy.sessions.check_time(proxy.now() + works_for);
    proxy.reply(1);
    proxy.reply(0);
    REQUIRE(proxy.until([&] { return client.ended(); }));
    CHECK(count(client.received(), "HTTP/1.1 200 OK") == 2);
    CHECK(count(client.received(), "Connection: close") == 1);
    CHECK(client.received().find("Connection: close") > client.received().find("one"));
    CHECK(proxy.closed(CloseReason::drained) == 1);
  }
}

TEST_CASE(
    "who speaks TLS or frames is told what it looks like, and what a path says comes back clean and short") {
  SessionStage proxy(Protocol::http);
  StagePeer& tls = proxy.connect();
  tls.send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  REQUIRE(until_has(proxy, tls, "this looks like TLS, not like HTTP/1.1"));
  StagePeer& frame = proxy.connect();
  frame.send(text_of(frame_of({.type = 'V', .id = 7, .length = 1})));
  REQUIRE(until_has(proxy, frame, "this looks like a frame, not like HTTP/1.1"));
  StagePeer& odd = proxy.connect();
  odd.send(post("/%1b[31m" + std::string(500, 'x'), ""));
  REQUIRE(until_has(proxy, odd, "there is no type '.[31mxxx"));
  CHECK_FALSE(has(odd, std::string(100, 'x')));
}

TEST_CASE("of many requests sent ahead no more than max_open are under way, and all are answered in order") {
  SessionStage proxy(Protocol::http);
  proxy.options.max_open = 8;
  StagePeer& client = proxy.connect();
  std::string all;
  for (int n = 0; n < 1000; ++n) all += post("/video?length=1", "<" + std::to_string(n) + ">");
  client.send(all);
  std::size_t replied = 0, most = 0;
  REQUIRE(proxy.until([&] {
    most = std::max(most, proxy.link.sent.size() - replied);
    for (std::size_t n = proxy.link.sent.size(); n > replied; --n) proxy.reply(n - 1);
    replied = proxy.link.sent.size();
    return count(client.received(), "<999>") == 1;
  }));
  CHECK(most == 8);
  std::size_t at = 0;
  for (int n = 0; n < 1000; ++n) {
    at = client.received().find("<" + std::to_string(n) + ">", at);
    REQUIRE(at != std::string::npos);
  }
}

TEST_CASE("a request that is not whole in time is answered 408, once, and the connection ends") {
  for (const std::string begun :
       {"POST /video", "POST /video?length=1 HTTP/1.1\r\nHost: a\r\n",
        "POST /video?length=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"}) {
    CAPTURE(begun);
    SessionStage proxy(Protocol::http);
    proxy.options.header_timeout = 10s;
    StagePeer& client = proxy.connect();
    client.send(begun);
    REQUIRE(proxy.until_read(static_cast<std::int64_t>(begun.size())));
    proxy.sessions.check_time(proxy.now() + 11s);
    CHECK(proxy.until([&] { return client.ended(); }));
    CHECK(client.received().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    CHECK(has(client, "\r\nConnection: close\r\n"));
    CHECK(proxy.closed(CloseReason::header_timeout) == 1);
    CHECK(proxy.rejected(Status::bad_frame) == 1);
  }
}

TEST_CASE("what was asked before the request that is not whole in time is still answered") {
  SessionStage proxy(Protocol::http);
  proxy.options.header_timeout = 10s;
  StagePeer& client = proxy.connect();
  client.send(post("/video?length=1", "one") + "POST /vid");
  REQUIRE(proxy.until_sent(1));
  proxy.turn();
  proxy.sessions.check_time(proxy.now() + 11s);
  proxy.sessions.check_time(proxy.now() + 22s);
  proxy.turn();
  CHECK(client.received().empty());
  proxy.reply(0);
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(client.received().find("\r\n\r\none") < client.received().find("HTTP/1.1 408 "));
  CHECK(count(client.received(), "HTTP/1.1 ") == 2);
  CHECK(proxy.closed(CloseReason::header_timeout) == 1);
}

TEST_CASE("who is quiet between requests is not told that one was late") {
  SessionStage proxy(Protocol::http);
  proxy.options.header_timeout = 10s;
  proxy.options.idle_timeout = 10s;
  StagePeer& client = proxy.connect();
  client.send(post("/video?length=1", "one"));
  REQUIRE(proxy.until_sent(1));
  proxy.reply(0);
  REQUIRE(until_has(proxy, client, "one"));
  proxy.sessions.check_time(proxy.now() + 11s);
  CHECK(proxy.until([&] { return client.ended(); }));
  CHECK(count(client.received(), "HTTP/1.1 ") == 1);
  CHECK(proxy.closed(CloseReason::idle_timeout) == 1);
}

TEST_CASE(
    "of a request's headers the server is told those that concern the work, and it says what it sends") {
  SessionStage proxy(Protocol::http);
  StagePeer& client = proxy.connect();
  client.send(post("/video?length=1", "cat",
                   "Content-Type: image/png\r\nAccept: text/*\r\nConnection: accept\r\n"
                   "Cookie: secret\r\nTE: trailers\r\nUpgrade: h2c\r\n"));
  REQUIRE(proxy.until_sent(1));
  CHECK(proxy.link.sent[0].headers == "Content-Type: image/png\r\nAccept: text/*\r\n");
  CHECK(proxy.dispatcher.on_reply(
      0, proxy.link.sent[0].token,
      {.service = 1ms, .body = bytes_of("meow"), .headers = "Content-Type: text/cat\r\nETag: \"1\"\r\n"},
      proxy.now()));
  REQUIRE(until_has(proxy, client, "meow"));
  CHECK(has(client, "\r\nContent-Type: text/cat\r\nETag: \"1\"\r\n"));
  CHECK(count(client.received(), "Content-Type") == 1);
}

TEST_CASE("a client that ends its connection before it has its reply is gone, and its work is taken back") {
  for (const char* const last : {"", "Connection: close\r\n"}) {
    CAPTURE(last);
    SessionStage proxy(Protocol::http);
    StagePeer& client = proxy.connect();
    client.send(post("/video?length=1000", "cat", last));
    REQUIRE(proxy.until_sent(1));
    proxy.turn();
    client.half_close();
    CHECK(proxy.until([&] {
      proxy.sessions.check_time(proxy.now());
      return proxy.closed(CloseReason::client_gone) == 1;
    }));
    proxy.dispatcher.tick(proxy.now());
    CHECK(proxy.link.cancelled.size() == 1);
  }
}

TEST_CASE("a client that leaves in the middle of a request is counted so") {
  SessionStage proxy(Protocol::http);
  StagePeer& client = proxy.connect();
  client.send("POST /video?length=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  client.half_close();
  CHECK(proxy.until([&] { return client.ended(); }));
  CHECK(proxy.closed(CloseReason::half_frame) == 1);
}
