// What the log says of bytes that are of another protocol.
#include "lb/worker/foreign_speech.h"

#include <doctest/doctest.h>

#include <string_view>

#include "tests/support/frames.h"

using namespace finishline;
using namespace finishline::worker;
using namespace std::string_view_literals;

namespace {

constexpr Instant kStart{std::chrono::hours(1)};

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string remedy(Expected expected, std::string_view text) {
  return ForeignSpeech(expected).note(bytes(text), kStart).value().remedy;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("what came is told as numbers and as text, with what it looks like and what to do") {
  ForeignSpeech listener(Expected::frames_of_client);
  const auto note = listener.note(bytes("GET / HTTP/1.1\r\nHost: here\r\n"), kStart);
  REQUIRE(note);
  CHECK(note->hex == "47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a ...");
  CHECK(note->text == "GET / HTTP/1.1..");
  CHECK(note->looks_like == "HTTP");
  CHECK(has(note->remedy, "mode = \"http\""));
}

TEST_CASE("a kind of bytes is told of once a minute, another kind all the same") {
  ForeignSpeech listener(Expected::frames_of_client);
  CHECK(listener.note(bytes("GET / HTTP/1.1\r\n"), kStart));
  CHECK_FALSE(listener.note(bytes("POST /x HTTP/1.1\r\n"), kStart + 59s));
  CHECK(listener.note(bytes("SSH-2.0-OpenSSH"), kStart + 59s));
  CHECK(listener.note(bytes("GET / HTTP/1.1\r\n"), kStart + 60s));
  CHECK_FALSE(listener.note(bytes("GET / HTTP/1.1\r\n"), kStart + 61s));
}

TEST_CASE("the remedy is for whom the bytes come from") {
  CHECK(has(remedy(Expected::frames_of_server, "HTTP/1.1 400 Bad Request\r\n"), "protocol = \"http\""));
  CHECK(has(remedy(Expected::frames_of_server, "\x15\x03\x03\0\x02\x02\x46"sv), "tls = true"));
  CHECK(has(remedy(Expected::frames_of_client, "\x16\x03\x01\x02\0\x01"sv), "a listener with tls"));
  CHECK(has(remedy(Expected::frames_of_server, "V5"), "protocol = \"mini\""));
  CHECK(has(remedy(Expected::frames_of_client, "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n"), "proxy_from"));
  CHECK(has(remedy(Expected::frames_of_server, "-ERR unknown command\r\n"), "is the address"));
  CHECK(has(remedy(Expected::words_of_client, test::text_of(test::frame_of({.type = 'V'}))),
            "mode = \"frame\""));
}

TEST_CASE("bytes of the protocol that is expected, which are wrong all the same, are told what is wrong") {
  CHECK(has(remedy(Expected::words_of_client, "!1"), "the letter of a type in [work], and a digit"));
  CHECK(has(remedy(Expected::words_of_server, "M3"), "in the order of its requests"));
  CHECK(has(remedy(Expected::http_of_client, "GET / HTTP/1.1\r\n"), "POST /TYPE"));
  for (const int kind : {0, 255}) {
    std::string frame = test::text_of(test::frame_of({.type = 'V'}));
    frame[5] = static_cast<char>(kind);
    CHECK(ForeignSpeech(Expected::frames_of_client).note(bytes(frame), kStart)->looks_like ==
          "a frame of an unknown kind");
  }
}

TEST_CASE("bytes of no known kind are told of as such") {
  ForeignSpeech link(Expected::frames_of_server);
  const auto note = link.note(bytes("\xff\xfe\xfd\xfc"sv), kStart);
  REQUIRE(note);
  CHECK(note->looks_like == "nothing known");
  CHECK(note->text == "....");
}

TEST_CASE("half a frame is not foreign, half a line of another protocol is") {
  const std::string frame = test::text_of(test::frame_of({.type = 'V', .id = 7}));
  CHECK_FALSE(looks_foreign(bytes(std::string_view(frame).substr(0, 20))));
  CHECK_FALSE(looks_foreign(bytes(std::string_view(frame).substr(0, 3))));
  CHECK_FALSE(looks_foreign({}));
  CHECK(looks_foreign(bytes("*1\r\n$4\r\nPING\r\n")));
  CHECK(looks_foreign(bytes("+OK\r\n")));
}
