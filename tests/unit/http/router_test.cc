#include "lb/http/router.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <optional>
#include <string>

#include "lb/http/event_stream.h"

using namespace finishline::http;

namespace {

struct Routes {
  Routes() {
    router.get("/healthz", [](const HttpRequest&) { return HttpReply{503, "text/plain", "no\n"}; });
    router.get("/page", [](const HttpRequest&) {
      return HttpReply{200, "text/plain", std::string(1000, 'x')};
    });
  }
  std::string get(const std::string& path, const std::string& headers = "") {
    return router.answer("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + "\r\n")
        .bytes;
  }
  HttpRouter router;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a route's status, type and body go out, and the connection closes") {
  Routes routes;
  const std::string reply = routes.get("/healthz");
  CHECK(reply.starts_with("HTTP/1.1 503 "));
  CHECK(contains(reply, "Content-Type: text/plain\r\n"));
  CHECK(contains(reply, "Connection: close\r\n"));
  CHECK(reply.ends_with("\r\n\r\nno\n"));
}

TEST_CASE("HEAD gives the head alone") {
  Routes routes;
  const std::string reply = routes.router.answer("HEAD /page HTTP/1.0\r\n\r\n").bytes;
  CHECK(contains(reply, " 200 "));
  CHECK(contains(reply, "Content-Length: 1000\r\n"));
  CHECK(reply.ends_with("\r\n\r\n"));
}

TEST_CASE("another path is not found and told what there is; another method is told which there are") {
  Routes routes;
  CHECK(routes.get("/").starts_with("HTTP/1.1 404 "));
  CHECK(contains(routes.get("/healthz/more"), "there is /healthz /page\""));
  const std::string reply = routes.router.answer("DELETE /page HTTP/1.1\r\n\r\n").bytes;
  CHECK(reply.starts_with("HTTP/1.1 405 "));
  CHECK(contains(reply, "Allow: GET\r\n"));
  CHECK(contains(reply, "/page takes GET\""));
}

TEST_CASE("a guard is asked before every route, and its refusal sent in place of the reply") {
  Routes routes;
  routes.router.set_guard([](const HttpRequest& request) -> std::optional<HttpReply> {
    if (request.header("host") == "x") return std::nullopt;
    return HttpReply{421, "text/plain", "not here\n"};
  });
  CHECK(routes.get("/page").starts_with("HTTP/1.1 200 "));
  CHECK(routes.router.answer("GET /page HTTP/1.1\r\nHost: evil\r\n\r\n").bytes.starts_with("HTTP/1.1 421 "));
}

TEST_CASE("a connection goes on unless the request says otherwise, and the reply says which") {
  Routes routes;
  const auto answer = [&](const std::string& head) {
    return routes.router.answer("GET /page HTTP/" + head + "\r\n\r\n");
  };
  CHECK_FALSE(answer("1.1\r\nHost: x").last);
  CHECK_FALSE(contains(answer("1.1\r\nHost: x").bytes, "Connection: close"));
  CHECK(answer("1.0").last);
  for (const std::string close : {"1.1\r\nConnection: close", "1.1\r\nconnection: CLOSE"}) {
    CHECK(answer(close).last);
    CHECK(contains(answer(close).bytes, "Connection: close\r\n"));
  }
}

TEST_CASE("query, headers and cookies are read") {
  HttpRouter router;
  HttpRequest seen;
  router.get("/series", [&](const HttpRequest& request) {
    seen = request;
    return HttpReply{200, "text/plain", ""};
  });
  router.answer(
      "GET /series?names=a%2Cb&step=10 HTTP/1.1\r\nX-CSRF-Token: t\r\nCookie: a=1; session=s=3;b=2\r\n\r\n",
      "10.0.0.7");
  CHECK(seen.parameter("names") == "a,b");
  CHECK(seen.parameter("from").empty());
  CHECK(seen.header("x-csrf-token") == "t");
  CHECK(seen.cookie("session") == "s=3");
  CHECK(seen.cookie("b") == "2");
  CHECK(seen.cookie("ession").empty());
  CHECK(seen.peer == "10.0.0.7");
}

TEST_CASE("an event stream begins with its head, and is the last reply") {
  HttpRouter router;
  EventStream events;
  router.get("/stream", [&](const HttpRequest&) { return HttpReply{.stream = &events}; });
  const auto answer = router.answer("GET /stream HTTP/1.1\r\nLast-Event-ID: 7\r\n\r\n");
  CHECK(answer.stream == &events);
  CHECK(answer.last);
  CHECK(answer.last_seen == "7");
  CHECK(router.answer("GET /stream?after=9 HTTP/1.1\r\n\r\n").last_seen == "9");
  CHECK(contains(answer.bytes, "Content-Type: text/event-stream\r\n"));
}

TEST_CASE("a target longer than any of ours is refused unread") {
  Routes routes;
  const auto answer = routes.router.answer("GET /" + std::string(10'000, 'x') + " HTTP/1.1\r\n\r\n");
  CHECK(answer.bytes.starts_with("HTTP/1.1 414 "));
  CHECK(answer.refused == Refused::long_target);
  CHECK_FALSE(routes.router.answer("GET /page HTTP/1.1\r\n\r\n").refused);
}

TEST_CASE("ranges and encodings are not served: many of them would multiply the page") {
  Routes routes;
  const std::string reply =
      routes.get("/page", "Range: bytes=0-9,0-9,0-9,5-\r\nAccept-Encoding: gzip, br\r\n");
  CHECK(reply.starts_with("HTTP/1.1 200 "));
  CHECK(contains(reply, "Content-Length: 1000\r\n"));
}

TEST_CASE("garbage, half requests and bodies that never come get an error reply") {
  Routes routes;
  for (const std::string request : {"", "\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02", "GET /page", "V5",
                                    "POST /page HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                                    "PUT /page HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
                                    "GET /page HTTP/1.1\r\nRange: bytes=99999999999999999999-\r\n\r\n"}) {
    const std::string reply = routes.router.answer(request).bytes;
    CAPTURE(request);
    CHECK(reply.starts_with("HTTP/1."));
    CHECK_FALSE(contains(reply.substr(0, 16), " 200 "));
    CHECK(contains(reply, "Connection: close\r\n"));
  }
}

TEST_CASE("no bytes break the router, and it works on afterwards") {
  CHECK(rc::check("any bytes", [](const std::string& tail) {
    Routes routes;
    for (const std::string start :
         {"", "GET /page HTTP/1.1\r\n", "GET ", "POST /page HTTP/1.1\r\nContent-Length: "})
      RC_ASSERT(routes.router.answer(start + tail + "\r\n\r\n").bytes.starts_with("HTTP/1."));
    RC_ASSERT(contains(routes.get("/page"), " 200 "));
  }));
}

TEST_CASE("PUT hands on the name, the body and the authorization") {
  HttpRouter router;
  HttpRequest seen;
  router.put("/servers/{name}/state", [&](const HttpRequest& request) {
    seen = request;
    return HttpReply{401, "text/plain", "no\n"};
  });
  const std::string reply = router
                                .answer(
                                    "PUT /servers/video%201/state HTTP/1.1\r\nAuthorization: Bearer x y\r\n"
                                    "Content-Length: 3\r\n\r\nabc")
                                .bytes;
  CHECK(seen.name == "video 1");
  CHECK(seen.body == "abc");
  CHECK(seen.header("authorization") == "Bearer x y");
  CHECK(reply.starts_with("HTTP/1.1 401 "));
  CHECK(contains(reply, "WWW-Authenticate: Bearer\r\n"));
  CHECK(router.answer("PUT /servers/a/b/state HTTP/1.1\r\n\r\n").bytes.starts_with("HTTP/1.1 404 "));
}

TEST_CASE("a refusal is JSON, and its words for who would rather read text; replies stay what they are") {
  Routes routes;
  for (const char* const accept : {"", "Accept: */*\r\n", "Accept: application/json, text/plain\r\n"}) {
    const std::string reply = routes.get("/nowhere", accept);
    CHECK(contains(reply, "Content-Type: application/json\r\n"));
    CHECK(contains(reply, R"({"error":{"code":"not_found","message":"not found; there is)"));
  }
  const std::string text = routes.get("/nowhere", "Accept: text/plain, */*\r\n");
  CHECK(contains(text, "Content-Type: text/plain"));
  CHECK(text.ends_with("\r\n\r\nnot found; there is /healthz /page\n"));
  CHECK(routes.get("/healthz", "Accept: text/plain\r\n").ends_with("\r\n\r\nno\n"));
}

TEST_CASE("a body that a tool calls a form, as curl does, comes whole and is no query") {
  HttpRouter router;
  HttpRequest seen;
  router.on(Method::post, "/load", [&](const HttpRequest& request) {
    seen = request;
    return HttpReply{.body = "taken"};
  });
  const std::string body = "time,value&a=b\n" + std::string(300'000, '1');
  for (const std::string type : {"application/x-www-form-urlencoded", "multipart/form-data; boundary=1"}) {
    CAPTURE(type);
    seen = {};
    const auto answer =
        router.answer("POST /load HTTP/1.1\r\nContent-Type: " + type +
                      "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    CHECK(answer.bytes.starts_with("HTTP/1.1 200 "));
    CHECK(seen.body == body);
    CHECK(seen.query.empty());
    CHECK(seen.header("content-type") == type);
  }
  CHECK(contains(HttpRouter::refusal(413),
                 "larger than 1048576 bytes, which is all that is taken: send it in parts"));
  CHECK(contains(HttpRouter::refusal(431), "16384 bytes, or one of its fields than 8192"));
}
