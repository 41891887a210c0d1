#include "proto/mini.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace finishline::proto {
namespace {

MiniWord word(std::string_view text) {
  return {static_cast<std::byte>(text[0]), static_cast<std::byte>(text[1])};
}
std::string text(MiniWord word) { return {static_cast<char>(word[0]), static_cast<char>(word[1])}; }

std::string all_of(MiniDecoder& decoder) {
  std::string out;
  while (const auto next = decoder.next()) out += text(*next);
  return out;
}

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

TEST_CASE("mini: a request is its letter and its digit") {
  CHECK(text(encode_mini({'V', 5})) == "V5");
  CHECK(text(encode_mini({'M', 0})) == "M0");
  const auto request = decode_mini(word("P9"));
  REQUIRE(request);
  CHECK(request->type == 'P');
  CHECK(request->length == 9);
}

TEST_CASE("mini: exactly the words of one letter and one digit are requests") {
  int requests = 0;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const MiniWord any{static_cast<std::byte>(first), static_cast<std::byte>(second)};
      const auto request = decode_mini(any);
      requests += request.has_value();
      if (request) CHECK(encode_mini(*request) == any);
    }
  }
  CHECK(requests == 52 * 10);
}

TEST_CASE("mini: a served request is echoed, another one answered by its status") {
  const MiniRequest sent{'V', 5};
  CHECK(text(encode_mini_reply(sent, Status::ok)) == "V5");
  CHECK(text(encode_mini_reply(sent, Status::no_server)) == "!4");
  CHECK(text(encode_mini_reply(sent, Status::server_error)) == "!9");
}

TEST_CASE("mini: a reply gives back the status that was encoded, of those that it has a digit for") {
  const MiniRequest sent{'V', 5};
  for (std::uint32_t status = 0; status <= static_cast<std::uint32_t>(Status::server_error); ++status) {
    CHECK(decode_mini_reply(encode_mini_reply(sent, Status{status}), sent) == Status{status});
  }
}

TEST_CASE("mini: a reply to another request is no reply to this one") {
  const MiniRequest sent{'V', 5};
  CHECK_FALSE(decode_mini_reply(word("V6"), sent));
  CHECK_FALSE(decode_mini_reply(word("P5"), sent));
  CHECK_FALSE(decode_mini_reply(word("!0"), sent));
  CHECK_FALSE(decode_mini_reply(word("!x"), sent));
  CHECK_FALSE(decode_mini_reply(word("\r\n"), sent));
}

TEST_CASE("mini: words come out of one read in order") {
  MiniDecoder decoder;
  decoder.feed(bytes("V5P1M9"));
  CHECK(all_of(decoder) == "V5P1M9");
  CHECK_FALSE(decoder.mid_frame());
}

TEST_CASE("mini: a word split over two reads is whole with its second byte") {
  MiniDecoder decoder;
  decoder.feed(bytes("V5P"));
  CHECK(all_of(decoder) == "V5");
  CHECK(decoder.mid_frame());
  decoder.feed(bytes(""));
  CHECK(all_of(decoder).empty());
  CHECK(decoder.mid_frame());
  decoder.feed(bytes("1M9"));
  CHECK(all_of(decoder) == "P1M9");
  CHECK_FALSE(decoder.mid_frame());
}

TEST_CASE("mini: a caller that pauses feeds the rest again") {
  MiniDecoder decoder;
  decoder.feed(bytes("V5P1M9"));
  REQUIRE(decoder.next());
  const auto rest = decoder.rest();
  CHECK(rest.size() == 4);
  decoder.feed(rest);
  CHECK(all_of(decoder) == "P1M9");
}

}  // namespace finishline::proto
