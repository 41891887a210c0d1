#include "lb/http/request_reader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <vector>

using namespace finishline;
using http::RequestReader;
using Step = RequestReader::Step;

namespace {

std::span<const std::byte> bytes_of_text(std::string_view text) { return std::as_bytes(std::span(text)); }

/// What a reader makes of bytes that come piece by piece.
struct Story {
  std::vector<std::string> requests;  // "POST /video [body]"
  int refused = 0;                    // with this status
  std::string why;
};

Story story_of(const std::vector<std::string>& pieces, std::size_t max_body = 100) {
  RequestReader reader(max_body);
  Story story;
  for (const std::string& piece : pieces) {
    reader.feed(bytes_of_text(piece));
    for (Step step = reader.next(); step != Step::need_more; step = reader.next()) {
      if (step == Step::bad)
        return story.refused = reader.objection().status, story.why = reader.objection().words, story;
      if (step != Step::request) continue;
      const auto body = reader.body();
      story.requests.push_back(std::string(reader.head().method) + ' ' + std::string(reader.head().target) +
                               " [" + std::string(reinterpret_cast<const char*>(body.data()), body.size()) +
                               ']');
    }
  }
  return story;
}

std::string request(const std::string& fields, const std::string& body = "") {
  return "POST /video?length=5 HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

struct Shape {
  std::string bytes;
  int status;
  std::string why;  // a part of it
};

/// With the status that each is refused with.
std::vector<Shape> malformed_heads() {
  return {
      {request("Content-Length : 3\r\n", "cat"), 400,
       "the header line \"Content-Length : 3\" has a space before its colon"},
      {request("No colon\r\n"), 400, "the header line \"No colon\" has no colon"},
      {request(": nobody\r\n"), 400, "the header line \": nobody\" has no name"},
      {request("Content-Length: +5\r\n", "hello"), 400, "Content-Length is no number: \"+5\""},
      {"POST  /video HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the first line is \"POST  /video HTTP/1.1\""},
      {request("Transfer-Encoding: chunked\r\n", "0\r\nNo colon\r\n\r\n"), 400, "the trailer behind it"},
  };
}

std::vector<Shape> ambiguous_requests() {
  const std::string ending = "\r\n\r\n";
  return {
      {request("Content-Length: 3\r\nContent-Length: 4\r\n", "cats"), 400,
       "the length of the body is said twice"},
      {request("Content-Length: 3\r\nContent-Length: 3\r\n", "cat"), 400, "more than one Content-Length"},
      {request("Content-Length: 3, 3\r\n", "cat"), 400, "Content-Length is no number"},
      {request("Content-Length: +3\r\n", "cat"), 400, ""},
      {request("Content-Length: -1\r\n"), 400, ""},
      {request("Content-Length: 99999999999999999999999\r\n"), 400, ""},
      {request("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400, "said twice"},
      {request("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), 400, "said twice"},
      {request("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400, ""},
      {request("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501, "only \"chunked\""},
      {request("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501, "only \"chunked\""},
      {request("Transfer-Encoding: identity\r\n"), 501, "only \"chunked\""},
      {"POST /video HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "HTTP/1.0"},
      {"POST /video HTTP/1.1\nHost: a\n\n", 400, "LF alone"},
      {request("A: b\n"), 400, "LF alone"},
      {request("A: b\rc: d\r\n"), 400, "CR without LF"},
      {request("A: b\r\n c\r\n"), 400, "folded"},
      {request("A: b\r\n\tc\r\n"), 400, "folded"},
      {request(std::string("A: b\0c\r\n", 8)), 400, "control character"},
      {"POST /video HTTP/1.1" + ending, 400, "no Host"},
      {"POST /video HTTP/1.1\r\nHost: a\r\nHost: b" + ending, 400, "more than one Host"},
      {"POST /video HTTP/2.0\r\nHost: a" + ending, 505, "HTTP/1.1"},
      {"POST /video" + ending, 400, ""},
      {std::string("\x16\x03\x01\x02\x00\x01", 6), 400, "control character"},
      {request("Transfer-Encoding: chunked\r\n", "3\ncat\r\n0\r\n\r\n"), 400, ""},
      {request("Transfer-Encoding: chunked\r\n", "xyzxyz\r\n"), 400, "chunk"},
      {request("Transfer-Encoding: chunked\r\n", "0\r\nX: y\n\r\n"), 400, "the trailer behind it"},
      {request("Transfer-Encoding: chunked\r\n", "0\r\nX: y\n"), 400, "the trailer behind it"},
      {request("Transfer-Encoding: chunked\r\n", "3\r\ncat\r\n0\r\nX: y\r\n z\r\n"), 400, "the trailer"},
      {request("Transfer-Encoding: chunked\r\n", "3\ncat\n0\n\n"), 400, "chunk"},
      {request("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"), 400, ""},
      {request("Transfer-Encoding: chunked\r\n", "3\r\ncatX\r\n0\r\n\r\n"), 400, ""},
  };
}

}  // namespace

TEST_CASE("a request with a length and one in chunks are the same to who reads them") {
  const Story plain = story_of({request("Content-Length: 3\r\n", "cat")});
  const Story chunked =
      story_of({request("Transfer-Encoding: chunked\r\n", "1\r\nc\r\n2\r\nat\r\n0\r\n\r\n")});
  REQUIRE(plain.requests.size() == 1);
  CHECK(plain.requests[0] == "POST /video?length=5 [cat]");
  CHECK(chunked.requests == plain.requests);
}

TEST_CASE("requests one behind the other are cut the same wherever reads end") {
  const std::string bytes =
      request("Content-Length: 3\r\n", "cat") + request("") +
      request("Transfer-Encoding: chunked\r\n", "3;x=y\r\ndog\r\n0\r\nTrailer: 1\r\n\r\n") + "\r\n" +
      request("Content-Length: 4\r\n", "\r\n\r\n");
  const Story whole = story_of({bytes});
  REQUIRE(whole.requests.size() == 4);
  CHECK(whole.requests[2] == "POST /video?length=5 [dog]");
  CHECK(whole.requests[3] == "POST /video?length=5 [\r\n\r\n]");
  for (std::size_t at = 0; at <= bytes.size(); ++at)
    CHECK(story_of({bytes.substr(0, at), bytes.substr(at)}).requests == whole.requests);
  std::vector<std::string> single;
  for (const char byte : bytes) single.emplace_back(1, byte);
  CHECK(story_of(single).requests == whole.requests);
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = 1 + random() % 9;
      pieces.push_back(bytes.substr(at, size));
      at += size;
    }
    CHECK(story_of(pieces).requests == whole.requests);
  }
}

TEST_CASE("what two readers could take for two different things is refused, and tells what is wrong") {
  std::vector<Shape> shapes = ambiguous_requests();
  std::ranges::copy(malformed_heads(), std::back_inserter(shapes));
  for (const Shape& shape : shapes) {
    CAPTURE(shape.bytes);
    const Story story = story_of({shape.bytes});
    CHECK(story.requests.empty());
    CHECK(story.refused == shape.status);
    CHECK_MESSAGE(story.why.find(shape.why) != std::string::npos, story.why);
  }
}

TEST_CASE("a head and a body have their limits, however they come") {
  const std::string long_head = request("A: " + std::string(20'000, 'x') + "\r\n");
  CHECK(story_of({long_head}).refused == 431);
  CHECK(story_of({long_head.substr(0, 9'000), long_head.substr(9'000)}).refused == 431);
  CHECK(story_of({request("Content-Length: 100\r\n", std::string(100, 'x'))}).requests.size() == 1);
  CHECK(story_of({request("Content-Length: 101\r\n")}).refused == 413);
  CHECK(story_of({request("Transfer-Encoding: chunked\r\n", "65\r\nx")}).refused == 413);
  CHECK(story_of({request("Transfer-Encoding: chunked\r\n", "60\r\n" + std::string(96, 'x') + "\r\n5\r\n")})
            .refused == 413);
  CHECK(story_of({request("Transfer-Encoding: chunked\r\n", "1;" + std::string(40'000, 'x'))}).refused ==
        400);
}

TEST_CASE("who waits to be told to go on is seen by the head, and an old client does not wait") {
  RequestReader reader(100);
  const std::string asks = request("Expect: 100-Continue\r\nContent-Length: 3\r\n");
  reader.feed(bytes_of_text(asks));
  REQUIRE(reader.next() == Step::head);
  CHECK(reader.head().expects_continue);
  CHECK(reader.head().content_length == 3);
  CHECK(reader.next() == Step::need_more);
  CHECK(reader.mid_request());
  RequestReader old(100);
  old.feed(bytes_of_text("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
  REQUIRE(old.next() == Step::head);
  CHECK_FALSE(old.head().expects_continue);
  CHECK_FALSE(old.head().keep_alive);
}

TEST_CASE("nothing is held for a connection on which nothing is under way") {
  RequestReader reader(1U << 20);
  const std::string bytes = request("Content-Length: 100000\r\n", std::string(100'000, 'x'));
  for (const std::string& piece : {bytes.substr(0, 500), bytes.substr(500)}) {
    reader.feed(bytes_of_text(piece));
    while (reader.next() != Step::need_more) {
    }
  }
  CHECK_FALSE(reader.mid_request());
  CHECK(reader.kept_bytes() < 100);
}

TEST_CASE("a pause between two requests loses nothing") {
  RequestReader reader(100);
  std::string bytes = request("Content-Length: 1\r\n", "1") + request("Content-Length: 1\r\n", "2");
  reader.feed(bytes_of_text(bytes));
  REQUIRE(reader.next() == Step::head);
  REQUIRE(reader.next() == Step::request);
  reader.stash();
  bytes.assign(bytes.size(), 'x');
  REQUIRE(reader.next() == Step::head);
  REQUIRE(reader.next() == Step::request);
  CHECK(static_cast<char>(reader.body()[0]) == '2');
}
