#include "lb/http/passed_headers.h"

#include <doctest/doctest.h>

#include <string>

#include "lb/http/date.h"
#include "lb/http/reply_reader.h"

using namespace finishline;
using namespace finishline::http;

TEST_CASE("a server is told what concerns the work, and never what concerns the client's connection") {
  const RequestHead head{.fields = {{"Host", "a"},
                                    {"content-type", "image/png"},
                                    {"Connection", "keep-alive"},
                                    {"Keep-Alive", "5"},
                                    {"Proxy-Authorization", "x"},
                                    {"Transfer-Encoding", "chunked"},
                                    {"Content-Length", "5"},
                                    {"Expect", "100-continue"},
                                    {"Finishline-Id", "7"},
                                    {"X-Request-Id", "r1"}}};
  CHECK(lines_for_server(head) == "content-type: image/png\r\nX-Request-Id: r1\r\n");
  CHECK(lines_for_server({}) == "Content-Type: application/octet-stream\r\n");
}

TEST_CASE("a client is told what the server says of its body, whatever came before it") {
  const auto headers_of = [](const std::string& text) {
    ReplyReader reader(100);
    reader.expect();
    REQUIRE(reader.feed(std::as_bytes(std::span(text))) == ReplyReader::Step::reply);
    return std::string(reader.headers());
  };
  CHECK(headers_of("HTTP/1.1 103 Early Hints\r\nContent-Type: a/b\r\n\r\n"
                   "HTTP/1.1 200 OK\r\nServer: x\r\nSet-Cookie: y\r\nContent-Length: 1\r\n"
                   "content-type: text/html\r\nVary: Accept\r\nConnection: close\r\n\r\nz") ==
        "content-type: text/html\r\nVary: Accept\r\n");
  CHECK(headers_of("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nz") ==
        "Content-Type: application/octet-stream\r\n");
  CHECK(headers_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n0\r\n"
                   "Content-Type: behind/it\r\n\r\n") == "Content-Type: application/octet-stream\r\n");
}

TEST_CASE("the date of a reply is as HTTP writes it, and moves on with the clock") {
  using Clock = std::chrono::system_clock;
  CHECK(date_text(Clock::time_point(std::chrono::seconds(784111777))) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(date_text(Clock::time_point(std::chrono::milliseconds(784111777999))) ==
        "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(date_text(Clock::time_point(std::chrono::seconds(784111778))) == "Sun, 06 Nov 1994 08:49:38 GMT");
}
