#include "lb/control/http_router.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>

using namespace finishline::control;

namespace {

struct Routes {
  Routes() {
    router.get("/healthz", [] { return HttpReply{503, "text/plain", "no\n"}; });
    router.get("/page", [] { return HttpReply{200, "text/plain", std::string(1000, 'x')}; });
  }
  std::string get(const std::string& path, const std::string& headers = "") {
    return router.answer("GET " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n");
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
  const std::string reply = routes.router.answer("HEAD /page HTTP/1.0\r\n\r\n");
  CHECK(contains(reply, " 200 "));
  CHECK(contains(reply, "Content-Length: 1000\r\n"));
  CHECK(reply.ends_with("\r\n\r\n"));
}

TEST_CASE("another path or method is not found and told what there is") {
  Routes routes;
  CHECK(routes.get("/").starts_with("HTTP/1.1 404 "));
  CHECK(contains(routes.get("/healthz/more"), "there is /healthz /page\n"));
  CHECK(routes.router.answer("DELETE /page HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
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
    const std::string reply = routes.router.answer(request);
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
      RC_ASSERT(routes.router.answer(start + tail + "\r\n\r\n").starts_with("HTTP/1."));
    RC_ASSERT(contains(routes.get("/page"), " 200 "));
  }));
}

TEST_CASE("a request is whole with its body, however the head spells its length") {
  CHECK_FALSE(HttpRouter::is_whole("GET / HTTP/1.1\r\nHost: x\r\n"));
  CHECK(HttpRouter::is_whole("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  for (const std::string name : {"Content-Length: ", "content-length:", "CONTENT-LENGTH:   "}) {
    const std::string head = "PUT / HTTP/1.1\r\n" + name + "3\r\n\r\n";
    CHECK_FALSE(HttpRouter::is_whole(head + "ab"));
    CHECK(HttpRouter::is_whole(head + "abc"));
  }
}

TEST_CASE("a body that will never be taken is not awaited") {
  for (const std::string length : {"4097", "99999999999999999999", "-1", "x", ""})
    CHECK(HttpRouter::is_whole("PUT / HTTP/1.1\r\nContent-Length: " + length + "\r\n\r\n"));
}

TEST_CASE("PUT hands on the name, the body and the authorization") {
  HttpRouter router;
  HttpRequest seen;
  router.put("/servers/", "/state", [&](const HttpRequest& request) {
    seen = request;
    return HttpReply{401, "text/plain", "no\n"};
  });
  const std::string reply = router.answer(
      "PUT /servers/video%201/state HTTP/1.1\r\nAuthorization: Bearer x y\r\n"
      "Content-Length: 3\r\n\r\nabc");
  CHECK(seen.name == "video 1");
  CHECK(seen.body == "abc");
  CHECK(seen.authorization == "Bearer x y");
  CHECK(reply.starts_with("HTTP/1.1 401 "));
  CHECK(contains(reply, "WWW-Authenticate: Bearer\r\n"));
  CHECK(router.answer("PUT /servers/a/b/state HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
}
