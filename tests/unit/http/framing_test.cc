#include "lb/http/framing.h"

#include <doctest/doctest.h>

#include <string>

using namespace finishline::http;

namespace {

Framing framing(const std::string& headers) {
  const auto read = framing_of("PUT / HTTP/1.1\r\n" + headers + "\r\n", 4096);
  REQUIRE(read);
  return *read;
}

}  // namespace

TEST_CASE("a request ends with its body, however the head spells its length") {
  CHECK_FALSE(framing_of("GET / HTTP/1.1\r\nHost: x\r\n", 4096));
  CHECK(framing_of("GET / HTTP/1.1\r\nHost: x\r\n\r\nmore", 4096)->size() == 27);
  for (const std::string name : {"Content-Length: ", "content-length:", "CONTENT-LENGTH:   "}) {
    CHECK(framing(name + "3\r\n").body == 3);
    CHECK(framing("Host: x\r\n" + name + "3\r\nAccept: */*\r\n").body == 3);
  }
  CHECK(framing("X-Content-Length: 3\r\n").body == 0);
}

TEST_CASE("a body that will never be taken is refused and not awaited") {
  for (const std::string length : {"-1", "x", "", "3x", "3, 4"}) {
    CAPTURE(length);
    CHECK(framing("Content-Length: " + length + "\r\n").refusal == 400);
    CHECK(framing("Content-Length: " + length + "\r\n").body == 0);
  }
  CHECK(framing("Content-Length: 4097\r\n").refusal == 413);
  CHECK(framing("Content-Length: 99999999999999999999\r\n").refusal == 413);
  CHECK(framing("Content-Length: 3\r\nContent-Length: 4\r\n").refusal == 400);
  CHECK(framing("Transfer-Encoding: chunked\r\n").refusal == 411);
  CHECK(framing("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n").refusal == 411);
}

TEST_CASE("a client that waits for leave to send its body is seen") {
  CHECK(framing("Expect: 100-continue\r\nContent-Length: 3\r\n").expects);
  CHECK_FALSE(framing("Content-Length: 3\r\n").expects);
}

TEST_CASE("what two readers could take for two different things is refused, and a field that is too long") {
  for (const std::string line :
       {"Content-Length : 2", "Transfer-Encoding : chunked", "no colon", ": empty", "a b: c", "X: a\r\n b",
        "X: a\rb", "X: a\nY: b", "Host: a\r\nHost: b", "Host: a\r\nhost: a", " X: a",
        "Content-Length: 0\r\nContent-Length: 3", "Content-Length: 3\r\nContent-Length: 0"}) {
    CAPTURE(line);
    CHECK(framing(line + "\r\n").refusal == 400);
  }
  CHECK(framing("Transfer-Encoding: chunked\r\nno colon\r\n").refusal == 400);
  CHECK(framing("Host: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n").body == 3);
  CHECK(framing("X: " + std::string(kMostField - 5, 'x') + "\r\n").refusal == 0);
  CHECK(framing("X: " + std::string(kMostField - 4, 'x') + "\r\n").refusal == 431);
}
