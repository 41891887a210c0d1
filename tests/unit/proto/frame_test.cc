#include "proto/frame.h"

#include <doctest/doctest.h>

#include <array>

#include "tests/support/frames.h"

namespace finishline::proto {
namespace {

using test::Bytes;
using test::frame_of;
using test::Seen;
using test::text_of;
using Step = FrameDecoder::Step;

constexpr std::uint32_t kSmallBody = 1000;

FrameHeader request(std::uint64_t id) {
  return {.kind = Kind::request, .type = 'V', .flags = kRetryable, .id = id, .length = 5, .detail = 2000};
}

void append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

Bytes bytes(std::initializer_list<int> values) {
  Bytes out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

// The three frames of the worked example of PROTOCOL.md.
const Bytes kFromClient = bytes({0x00, 0x00, 0x00, 0x03, 0x01, 0x01, 0x56, 0x01, 0x00, 0x00, 0x00, 0x00,
                                 0x00, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x07, 0xd0,
                                 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x63, 0x61, 0x74});
const Bytes kFromServer = bytes({0x00, 0x00, 0x00, 0x03, 0x01, 0x02, 0x56, 0x01, 0x00, 0x00, 0x00, 0x01,
                                 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00,
                                 0x00, 0x00, 0x13, 0x8b, 0x00, 0x00, 0x2e, 0xe0, 0x63, 0x61, 0x74});
const Bytes kToClient = bytes({0x00, 0x00, 0x00, 0x03, 0x01, 0x02, 0x56, 0x01, 0x00, 0x00, 0x00, 0x00,
                               0x00, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00,
                               0x00, 0x00, 0x13, 0x8b, 0x00, 0x00, 0x00, 0x01, 0x63, 0x61, 0x74});

}  // namespace

TEST_CASE("frame: the worked example of the manual is what the encoder writes") {
  CHECK(frame_of(request(7), "cat") == kFromClient);
  const FrameHeader from_server{.kind = Kind::reply,
                                .type = 'V',
                                .flags = kRetryable,
                                .id = 0x100000002,
                                .length = 5,
                                .detail = 0,
                                .service_us = 5003,
                                .origin = 12000};
  CHECK(frame_of(from_server, "cat") == kFromServer);
  FrameHeader to_client = from_server;
  to_client.id = 7;
  to_client.origin = 1;
  CHECK(frame_of(to_client, "cat") == kToClient);
}

TEST_CASE("frame: the worked example of the manual is what the decoder reads") {
  FrameDecoder decoder(Direction::requests, kDefaultMaxBody);
  Frame frame;
  decoder.feed(kFromClient);
  REQUIRE(decoder.next(frame) == Step::frame);
  CHECK(frame.header.body_bytes == 3);
  CHECK(frame.header.kind == Kind::request);
  CHECK(frame.header.type == 'V');
  CHECK(frame.header.flags == kRetryable);
  CHECK(frame.header.id == 7);
  CHECK(frame.header.length == 5);
  CHECK(frame.header.detail == 2000);
  CHECK(text_of(frame.body) == "cat");
  CHECK(decoder.next(frame) == Step::need_more);

  FrameDecoder answers(Direction::answers, kDefaultMaxBody);
  answers.feed(kFromServer);
  REQUIRE(answers.next(frame) == Step::frame);
  CHECK(frame.header.id == 0x100000002);
  CHECK(frame.header.service_us == 5003);
  CHECK(frame.header.origin == 12000);
}

TEST_CASE("frame: every field keeps its largest value") {
  const FrameHeader largest{.body_bytes = 0xffffffff,
                            .kind = static_cast<Kind>(0xff),
                            .type = '\xff',
                            .flags = 0xff,
                            .id = ~std::uint64_t{0},
                            .length = 0xffffffff,
                            .detail = 0xffffffff,
                            .service_us = 0xffffffff,
                            .origin = 0xffffffff};
  std::array<std::byte, kHeaderBytes> wire{};
  encode_header(largest, wire.data());
  const FrameHeader read = decode_header(wire.data());
  CHECK(read.body_bytes == largest.body_bytes);
  CHECK(read.kind == largest.kind);
  CHECK(read.type == largest.type);
  CHECK(read.flags == largest.flags);
  CHECK(read.id == largest.id);
  CHECK(read.length == largest.length);
  CHECK(read.detail == largest.detail);
  CHECK(read.service_us == largest.service_us);
  CHECK(read.origin == largest.origin);
}

TEST_CASE("frame: a whole frame is decoded in place, without a copy or a kept byte") {
  const Bytes stream = frame_of(request(1), "in place");
  FrameDecoder decoder(Direction::requests, kSmallBody);
  Frame frame;
  decoder.feed(stream);
  REQUIRE(decoder.next(frame) == Step::frame);
  CHECK(frame.body.data() == stream.data() + kHeaderBytes);
  CHECK(decoder.next(frame) == Step::need_more);
  CHECK(decoder.kept_bytes() == 0);
  CHECK_FALSE(decoder.mid_frame());
}

TEST_CASE("frame: many frames of one read come out in order") {
  Bytes stream;
  for (std::uint64_t id = 0; id < 1000; ++id) append(stream, frame_of(request(id), std::string(id % 7, 'x')));
  FrameDecoder decoder(Direction::requests, kSmallBody);
  const std::vector<Seen> out = test::decode_in_pieces(decoder, stream, {});
  REQUIRE(out.size() == 1000);
  for (std::uint64_t id = 0; id < 1000; ++id) {
    CHECK(decode_header(out[id].header.data()).id == id);
    CHECK(out[id].body.size() == id % 7);
  }
  CHECK(decoder.kept_bytes() == 0);
}

TEST_CASE("frame: a stream split in two at any byte yields the same frames") {
  Bytes stream = frame_of(request(1), "first");
  append(stream, frame_of(request(2)));
  append(stream, frame_of(request(3), "third and last"));
  FrameDecoder whole(Direction::requests, kSmallBody);
  const std::vector<Seen> expected = test::decode_in_pieces(whole, stream, {});
  REQUIRE(expected.size() == 3);
  for (std::size_t at = 1; at < stream.size(); ++at) {
    CAPTURE(at);
    FrameDecoder decoder(Direction::requests, kSmallBody);
    CHECK(test::decode_in_pieces(decoder, stream, {at}) == expected);
    CHECK(decoder.kept_bytes() == 0);
    CHECK_FALSE(decoder.mid_frame());
  }
}

TEST_CASE("frame: a frame that comes byte by byte is whole with its last byte and not before") {
  const Bytes stream = frame_of(request(9), "slow");
  FrameDecoder decoder(Direction::requests, kSmallBody);
  Frame frame;
  for (std::size_t i = 0; i + 1 < stream.size(); ++i) {
    decoder.feed(std::span(stream).subspan(i, 1));
    REQUIRE(decoder.next(frame) == Step::need_more);
    CHECK(decoder.mid_frame());
  }
  decoder.feed(std::span(stream).last(1));
  REQUIRE(decoder.next(frame) == Step::frame);
  CHECK(frame.header.id == 9);
  CHECK(text_of(frame.body) == "slow");
  CHECK_FALSE(decoder.mid_frame());
  CHECK(decoder.next(frame) == Step::need_more);
  CHECK(decoder.kept_bytes() == 0);
}

TEST_CASE("frame: a body of max_body passes and one byte more does not") {
  for (const std::uint32_t max_body : {0U, 1U, 1000U}) {
    CAPTURE(max_body);
    FrameDecoder decoder(Direction::requests, max_body);
    Bytes stream = frame_of(request(1), std::string(max_body, 'x'));
    append(stream, frame_of(request(2), std::string(max_body + 1, 'x')));
    append(stream, frame_of(request(3)));
    const std::vector<Seen> out = test::decode_in_pieces(decoder, stream, {});
    REQUIRE(out.size() == 3);
    CHECK(out[0].step == Step::frame);
    CHECK(out[0].body.size() == max_body);
    CHECK(out[1].step == Step::too_large);
    CHECK(decode_header(out[1].header.data()).id == 2);
    CHECK(out[1].body.empty());
    CHECK(out[2].step == Step::frame);
  }
}

TEST_CASE("frame: a too large body is skipped over many reads and never stored") {
  FrameDecoder decoder(Direction::requests, kSmallBody);
  Frame frame;
  FrameHeader huge = request(1);
  huge.body_bytes = 1'000'000;
  Bytes header(kHeaderBytes);
  encode_header(huge, header.data());
  decoder.feed(header);
  REQUIRE(decoder.next(frame) == Step::too_large);
  const Bytes filler(999);
  std::size_t left = huge.body_bytes;
  while (left > filler.size()) {
    decoder.feed(filler);
    REQUIRE(decoder.next(frame) == Step::need_more);
    CHECK(decoder.kept_bytes() == 0);
    CHECK(decoder.mid_frame());
    left -= filler.size();
  }
  Bytes rest(left);
  append(rest, frame_of(request(2), "after"));
  decoder.feed(rest);
  REQUIRE(decoder.next(frame) == Step::frame);
  CHECK(frame.header.id == 2);
  CHECK(text_of(frame.body) == "after");
}

TEST_CASE("frame: a body of 4 GiB is announced, refused and takes no memory") {
  FrameDecoder decoder(Direction::requests, kDefaultMaxBody);
  FrameHeader huge = request(1);
  huge.body_bytes = 0xffffffff;
  Bytes header(kHeaderBytes);
  encode_header(huge, header.data());
  Frame frame;
  decoder.feed(header);
  CHECK(decoder.next(frame) == Step::too_large);
  CHECK(decoder.next(frame) == Step::need_more);
  CHECK(decoder.kept_bytes() == 0);
  CHECK(decoder.mid_frame());
}

TEST_CASE("frame: an announced body takes memory only as it comes") {
  FrameDecoder decoder(Direction::requests, kDefaultMaxBody);
  FrameHeader large = request(1);
  large.body_bytes = kDefaultMaxBody;
  Bytes header(kHeaderBytes);
  encode_header(large, header.data());
  Frame frame;
  decoder.feed(header);
  REQUIRE(decoder.next(frame) == Step::need_more);
  CHECK(decoder.kept_bytes() <= 2 * kHeaderBytes);
  const Bytes piece(64 * 1024, std::byte{'x'});
  std::size_t came = kHeaderBytes;
  while (came + piece.size() < kHeaderBytes + kDefaultMaxBody) {
    decoder.feed(piece);
    REQUIRE(decoder.next(frame) == Step::need_more);
    came += piece.size();
    CHECK(decoder.kept_bytes() <= std::min<std::size_t>(2 * came, kHeaderBytes + kDefaultMaxBody));
  }
  decoder.feed(piece);
  REQUIRE(decoder.next(frame) == Step::frame);
  CHECK(frame.body.size() == kDefaultMaxBody);
  CHECK(decoder.next(frame) == Step::need_more);
  CHECK(decoder.kept_bytes() == 0);
}

TEST_CASE("frame: what a pause stashed comes out later, before what is fed then") {
  Bytes first;
  for (std::uint64_t id = 0; id < 10; ++id) append(first, frame_of(request(id), "body"));
  Bytes second(first.end() - 20, first.end());  // the last frame is cut 20 bytes before its end
  first.resize(first.size() - 20);
  append(second, frame_of(request(10), "second"));

  FrameDecoder decoder(Direction::requests, kSmallBody);
  Frame frame;
  std::vector<Seen> out;
  {
    const Bytes read = first;
    decoder.feed(read);
    for (int i = 0; i < 4; ++i) {
      REQUIRE(decoder.next(frame) == Step::frame);
      out.push_back(test::seen(Step::frame, frame));
    }
    decoder.stash();
    CHECK_FALSE(decoder.mid_frame());  // the peer owes nothing while we do not read
  }
  for (int i = 0; i < 2; ++i) {
    REQUIRE(decoder.next(frame) == Step::frame);
    out.push_back(test::seen(Step::frame, frame));
  }
  decoder.stash();
  decoder.feed(second);
  CHECK(test::drain(decoder, out));
  REQUIRE(out.size() == 11);
  for (std::uint64_t id = 0; id < out.size(); ++id) CHECK(decode_header(out[id].header.data()).id == id);
  CHECK(text_of(out[9].body) == "body");
  CHECK(text_of(out[10].body) == "second");
  CHECK(decoder.kept_bytes() == 0);
}

TEST_CASE("frame: after a pause only the unfinished tail is kept") {
  Bytes stream;
  for (std::uint64_t id = 0; id < 100; ++id) append(stream, frame_of(request(id), std::string(500, 'x')));
  append(stream, Bytes(5));
  FrameDecoder decoder(Direction::requests, kSmallBody);
  Frame frame;
  decoder.feed(stream);
  REQUIRE(decoder.next(frame) == Step::frame);
  decoder.stash();
  CHECK(decoder.kept_bytes() <= stream.size());
  std::vector<Seen> out;
  CHECK(test::drain(decoder, out));
  CHECK(out.size() == 99);
  CHECK(decoder.kept_bytes() <= kHeaderBytes);
  CHECK(decoder.mid_frame());
}

TEST_CASE("frame: each direction takes its own kinds and no other") {
  for (int kind = 0; kind < 256; ++kind) {
    CAPTURE(kind);
    const bool is_request = kind == 1 || kind == 3 || kind == 6 || kind == 8 || kind == 10;
    const bool is_answer = kind == 2 || kind == 4 || kind == 5 || kind == 7 || kind == 9;
    const Bytes stream = frame_of({.kind = static_cast<Kind>(kind), .id = 77});
    Frame frame;
    FrameDecoder requests(Direction::requests, kSmallBody);
    requests.feed(stream);
    CHECK(requests.next(frame) == (is_request ? Step::frame : Step::bad));
    FrameDecoder answers(Direction::answers, kSmallBody);
    answers.feed(stream);
    CHECK(answers.next(frame) == (is_answer ? Step::frame : Step::bad));
    CHECK(frame.header.id == 77);  // as read, so that a bad_frame reply can name it
  }
}

TEST_CASE("frame: a version other than 1 is bad") {
  for (const int version : {0, 2, 255}) {
    Bytes stream = frame_of(request(1));
    stream[4] = static_cast<std::byte>(version);
    FrameDecoder decoder(Direction::requests, kSmallBody);
    Frame frame;
    decoder.feed(stream);
    CHECK(decoder.next(frame) == Step::bad);
  }
}

TEST_CASE("frame: a flag that is not defined is bad") {
  for (int bit = 3; bit < 8; ++bit) {
    FrameHeader header = request(1);
    header.flags = static_cast<std::uint8_t>(1 << bit);
    FrameDecoder decoder(Direction::requests, kSmallBody);
    Frame frame;
    const Bytes stream = frame_of(header);
    decoder.feed(stream);
    CHECK(decoder.next(frame) == Step::bad);
  }
}

TEST_CASE("frame: the priority class stands in bits 1 and 2 of the flags, beside bit 0") {
  CHECK(priority_of(kRetryable) == 0);
  CHECK(priority_flags(3) == 0x06);
  for (std::uint8_t priority = 0; priority < kPriorities; ++priority) {
    FrameHeader header = request(1);
    header.flags = static_cast<std::uint8_t>(kRetryable | priority_flags(priority));
    FrameDecoder decoder(Direction::requests, kSmallBody);
    Frame frame;
    const Bytes stream = frame_of(header);
    decoder.feed(stream);
    REQUIRE(decoder.next(frame) == Step::frame);
    CHECK(priority_of(frame.header.flags) == priority);
  }
}

TEST_CASE("frame: a decoder that met a bad frame stays bad") {
  Bytes stream = frame_of(request(1));
  append(stream, test::bytes_of("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  append(stream, frame_of(request(2)));
  FrameDecoder decoder(Direction::requests, kSmallBody);
  Frame frame;
  decoder.feed(stream);
  REQUIRE(decoder.next(frame) == Step::frame);
  CHECK(decoder.next(frame) == Step::bad);
  CHECK(decoder.next(frame) == Step::bad);
  const Bytes sound = frame_of(request(3));
  decoder.feed(sound);
  CHECK(decoder.next(frame) == Step::bad);
}

TEST_CASE("frame: a type that is no letter is the receiver's business, not the decoder's") {
  FrameHeader header = request(1);
  header.type = '\xfe';
  FrameDecoder decoder(Direction::requests, kSmallBody);
  Frame frame;
  const Bytes stream = frame_of(header);
  decoder.feed(stream);
  REQUIRE(decoder.next(frame) == Step::frame);
  CHECK(frame.header.type == '\xfe');
}

TEST_CASE("frame: every status has a name of its own and other numbers are unknown") {
  CHECK(name_of(Status::ok) == "ok");
  CHECK(name_of(Status::deadline_exceeded) == "deadline_exceeded");
  CHECK(name_of(Status::server_error) == "server_error");
  CHECK(name_of(static_cast<Status>(kStatusCount)) == "unknown");
  CHECK(name_of(static_cast<Status>(0xffffffff)) == "unknown");
  for (std::uint32_t a = 0; a < kStatusCount; ++a) {
    for (std::uint32_t b = 0; b < a; ++b) CHECK(name_of(Status{a}) != name_of(Status{b}));
  }
}

}  // namespace finishline::proto
