#include "proto/looks_like.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "proto/frame.h"

using namespace finishline::proto;
using namespace std::string_view_literals;

namespace {

std::string looks_like(std::string_view text) {
  return what_it_looks_like(std::as_bytes(std::span(text))).words;
}

std::array<std::byte, kHeaderBytes> frame_of(FrameHeader header) {
  std::array<std::byte, kHeaderBytes> bytes{};
  encode_header(header, bytes.data());
  return bytes;
}

}  // namespace

TEST_CASE("other protocols are known by how they begin") {
  CHECK(looks_like("HTTP/1.1 400 Bad Request\r\n") == "HTTP");
  CHECK(looks_like("GET / HTTP/1.1\r\n") == "HTTP");
  CHECK(looks_like("\0\0\x12\x04\0\0\0\0\0"sv) == "HTTP/2");
  CHECK(looks_like("SSH-2.0-OpenSSH_9.6\r\n") == "SSH");
  CHECK(looks_like("\x15\x03\x01\0\x02\x02\x46"sv) == "TLS");
  CHECK(looks_like("\x16\x03\x03\0\x7a"sv) == "TLS");
  CHECK(looks_like("\r\n\r\n\0\r\nQUIT\n\x21"sv) == "the PROXY protocol, version 2");
  CHECK(looks_like("220 mail.example ESMTP\r\n") == "SMTP or FTP");
  CHECK(looks_like("-ERR unknown command\r\n") == "Redis or POP3");
  CHECK(looks_like("*1\r\n$4\r\nPING\r\n") == "Redis");
  CHECK(looks_like("\0\0\0\x08\x04\xd2\x16\x2f"sv) == "PostgreSQL");
}

TEST_CASE("two bytes are enough to know the mini protocol") {
  CHECK(looks_like("!1") == "the mini protocol");
  CHECK(looks_like("V5") == "the mini protocol");
  CHECK(looks_like("V5!2M1") == "the mini protocol");
  CHECK(looks_like("V5 is text") == "text");
}

TEST_CASE("a frame is known, one of another version, and one in the wrong byte order") {
  auto bytes = frame_of({.body_bytes = 8, .kind = Kind::reply, .type = 'V', .id = 7, .length = 5});
  CHECK(what_it_looks_like(bytes).speech == Speech::frame);
  bytes[4] = std::byte{2};
  CHECK(what_it_looks_like(bytes).words == "a frame of version 2");
  bytes[4] = std::byte{1};
  std::reverse(bytes.begin(), bytes.begin() + 4);
  CHECK(what_it_looks_like(bytes).speech == Speech::little_endian);
  bytes = frame_of({.body_bytes = 0, .kind = Kind::reply, .type = 'V', .id = 7, .length = 5});
  std::reverse(bytes.begin() + 4, bytes.begin() + 8);
  CHECK(what_it_looks_like(bytes).speech == Speech::little_endian);
}

TEST_CASE("what is known by nothing has no name") {
  CHECK(looks_like("") == "");
  CHECK(looks_like("\xff\xfe\xfd\xfc"sv) == "");
  CHECK(what_it_looks_like({}).speech == Speech::unknown);
}

TEST_CASE("bytes are shown in hex, and dots stand for the rest") {
  constexpr std::string_view text = "HTTP/1.1 400 Bad Request";
  const auto bytes = std::as_bytes(std::span(text));
  CHECK(hex_of(bytes.first(4)) == "48 54 54 50");
  CHECK(hex_of(bytes, 2) == "48 54 ...");
  CHECK(hex_of({}) == "");
}

TEST_CASE("bytes are shown as text, with dots for what cannot be printed") {
  CHECK(printable(std::as_bytes(std::span("GET /\r\n\x7f\xff"sv))) == "GET /....");
  CHECK(printable(std::as_bytes(std::span("0123456789abcdefgh"sv))) == "0123456789abcdef");
  CHECK(printable({}) == "");
}
