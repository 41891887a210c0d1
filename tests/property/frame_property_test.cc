// Random streams through the decoder: the way they are cut, paused or spoilt may not matter.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "proto/frame.h"
#include "tests/support/frames.h"

namespace finishline::proto {
namespace {

using test::Bytes;
using test::Seen;
using Step = FrameDecoder::Step;

constexpr std::uint32_t kMaxBody = 300;

rc::Gen<FrameHeader> any_request() {
  return rc::gen::build<FrameHeader>(
      rc::gen::set(&FrameHeader::kind, rc::gen::element(Kind::request, Kind::ping, Kind::describe)),
      rc::gen::set(&FrameHeader::type),
      rc::gen::set(&FrameHeader::flags, rc::gen::inRange<std::uint8_t>(0, kKnownFlags + 1)),
      rc::gen::set(&FrameHeader::id), rc::gen::set(&FrameHeader::length), rc::gen::set(&FrameHeader::detail),
      rc::gen::set(&FrameHeader::service_us), rc::gen::set(&FrameHeader::origin));
}

// Bodies around the limit: some of them are too large.
Bytes any_body() {
  const auto size = *rc::gen::inRange<std::size_t>(0, *rc::gen::element(4U, kMaxBody, 2 * kMaxBody));
  return *rc::gen::container<Bytes>(size,
                                    rc::gen::map(rc::gen::arbitrary<std::uint8_t>(),
                                                 [](std::uint8_t b) { return static_cast<std::byte>(b); }));
}

struct Stream {
  Bytes bytes;
  std::vector<Seen> expected;
};

Stream any_stream() {
  Stream stream;
  const auto frames = *rc::gen::inRange(1, 12);
  for (int i = 0; i < frames; ++i) {
    FrameHeader header = *any_request();
    const Bytes body = any_body();
    header.body_bytes = static_cast<std::uint32_t>(body.size());
    test::append_frame(stream.bytes, header, body);
    const bool fits = body.size() <= kMaxBody;
    stream.expected.push_back(test::seen(fits ? Step::frame : Step::too_large,
                                         {header, fits ? std::span(body) : std::span<const std::byte>{}}));
  }
  return stream;
}

rc::Gen<std::vector<std::size_t>> any_cuts() {
  return rc::gen::container<std::vector<std::size_t>>(
      rc::gen::oneOf(rc::gen::inRange<std::size_t>(1, 4), rc::gen::inRange<std::size_t>(1, 500)));
}

}  // namespace

TEST_CASE("frame property: any split of a stream yields the frames that were encoded") {
  CHECK(rc::check("chunking does not matter", [] {
    const Stream stream = any_stream();
    FrameDecoder decoder(Direction::requests, kMaxBody);
    RC_ASSERT(test::decode_in_pieces(decoder, stream.bytes, *any_cuts()) == stream.expected);
    RC_ASSERT(!decoder.mid_frame());
    RC_ASSERT(decoder.kept_bytes() == 0U);
  }));
}

TEST_CASE("frame property: pauses at any frame and reads of any size lose and reorder nothing") {
  CHECK(rc::check("stash and feed in any order", [] {
    const Stream stream = any_stream();
    FrameDecoder decoder(Direction::requests, kMaxBody);
    std::vector<Seen> out;
    std::span<const std::byte> left = stream.bytes;
    Frame frame;
    while (out.size() < stream.expected.size()) {
      const auto size = std::min(*rc::gen::inRange<std::size_t>(1, 600), left.size());
      const Bytes block(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(size));
      left = left.subspan(size);
      decoder.feed(block);
      auto budget = left.empty() ? 1000 : *rc::gen::inRange(0, 4);
      for (Step step{}; budget > 0 && (step = decoder.next(frame)) != Step::need_more; --budget) {
        RC_ASSERT(step != Step::bad);
        out.push_back(test::seen(step, frame));
      }
      if (budget == 0) decoder.stash();
    }
    RC_ASSERT(out == stream.expected);
    RC_ASSERT(decoder.next(frame) == Step::need_more);
    RC_ASSERT(decoder.kept_bytes() == 0U);
  }));
}

TEST_CASE("frame property: garbage, however it comes, is bounded and judged alike") {
  CHECK(rc::check("garbage", [] {
    Bytes stream = any_stream().bytes;
    const auto spoilt = *rc::gen::inRange(0, 20);
    for (int i = 0; i < spoilt; ++i) {
      stream[*rc::gen::inRange<std::size_t>(0, stream.size())] =
          static_cast<std::byte>(*rc::gen::inRange(0, 256));
    }
    FrameDecoder whole(Direction::requests, kMaxBody);
    FrameDecoder cut(Direction::requests, kMaxBody);
    const std::vector<Seen> expected = test::decode_in_pieces(whole, stream, {});
    RC_ASSERT(test::decode_in_pieces(cut, stream, *any_cuts()) == expected);
    RC_ASSERT(whole.mid_frame() == cut.mid_frame());
    RC_ASSERT(cut.kept_bytes() <= std::max<std::size_t>(kHeaderBytes + kMaxBody, 500));
  }));
}

}  // namespace finishline::proto
