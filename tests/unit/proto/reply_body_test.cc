#include "proto/reply_body.h"

#include <doctest/doctest.h>

#include <array>

#include "tests/support/frames.h"

namespace finishline::proto {
namespace {

std::string filled(std::size_t size, std::string_view body, std::uint32_t length) {
  test::Bytes out(size);
  fill_reply_body(out, test::bytes_of(body), length);
  return test::text_of(out);
}

bool accepted(std::string_view reply, std::string_view body, std::uint32_t length) {
  return is_reply_body(test::bytes_of(reply), test::bytes_of(body), length);
}

}  // namespace

TEST_CASE("reply body: the request's own size gives an echo, another one cuts or repeats") {
  CHECK(filled(3, "cat", 5) == "cat");
  CHECK(filled(2, "cat", 5) == "ca");
  CHECK(filled(8, "cat", 5) == "catcatca");
  CHECK(filled(0, "cat", 5).empty());
}

TEST_CASE("reply body: a request without a body stands for its length tag") {
  CHECK(filled(6, "", 0x61626364) == "abcdab");
}

TEST_CASE("reply body: what was filled is accepted, and nothing else of its size") {
  for (std::size_t size = 0; size < 20; ++size) {
    const std::string right = filled(size, "cat", 5);
    CHECK(accepted(right, "cat", 5));
    for (std::size_t i = 0; i < size; ++i) {
      std::string wrong = right;
      wrong[i] = 'x';
      CHECK_FALSE(accepted(wrong, "cat", 5));
    }
  }
  CHECK_FALSE(accepted("a", "", 5));
}

TEST_CASE("reply body: when it could be done at the earliest is eight bytes in network order") {
  std::array<std::byte, kEarliestBytes> body;
  put_earliest(body, 0x0102030405060708);
  CHECK(test::text_of(body) == "\x01\x02\x03\x04\x05\x06\x07\x08");
  CHECK(earliest_in(body) == 0x0102030405060708U);
  CHECK_FALSE(earliest_in(std::span(body).first(7)));
  CHECK_FALSE(earliest_in({}));
}

}  // namespace finishline::proto
