// Any bytes, cut and paused in any way, decode to the same frames; what was decoded encodes to the bytes
// that were read; memory stays within the stated bound. The first byte of the input seeds the cutting.
#include <cstdlib>

#include "proto/frame.h"
#include "tests/support/frames.h"

namespace {

using namespace finishline;
using proto::FrameDecoder;
using Step = FrameDecoder::Step;

constexpr std::uint32_t kMaxBody = 512;
constexpr std::size_t kLongestPiece = 97;

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<test::Seen> in_one_piece(FrameDecoder& decoder, std::span<const std::byte> stream) {
  std::vector<test::Seen> out;
  decoder.feed(stream);
  test::drain(decoder, out);
  return out;
}

// Reads of 1 to kLongestPiece bytes; with pauses, only a few frames are taken before the next read.
std::vector<test::Seen> in_pieces(FrameDecoder& decoder, std::span<const std::byte> stream, unsigned seed,
                                  bool pauses) {
  std::vector<test::Seen> out;
  proto::Frame frame;
  while (!stream.empty()) {
    seed = seed * 1103515245 + 12345;
    const std::size_t size = std::min(stream.size(), 1 + (seed >> 16) % kLongestPiece);
    const test::Bytes block(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size));
    stream = stream.subspan(size);
    decoder.feed(block);
    Step step = Step::frame;
    for (unsigned budget = pauses ? (seed >> 8) % 5 : kLongestPiece; budget > 0 && step != Step::need_more;
         --budget) {
      step = decoder.next(frame);
      if (step != Step::need_more) out.push_back(test::seen(step, frame));
      if (step == Step::bad) return out;
    }
    if (step != Step::need_more) decoder.stash();
  }
  test::drain(decoder, out);
  return out;
}

void frames_are_the_bytes_that_were_read(const std::vector<test::Seen>& frames,
                                         std::span<const std::byte> stream) {
  for (const test::Seen& seen : frames) {
    if (seen.step == Step::bad) return;
    const auto header = stream.first(proto::kHeaderBytes);
    require(std::equal(header.begin(), header.end(), seen.header.begin()));
    stream = stream.subspan(proto::kHeaderBytes);
    const auto body_bytes = proto::decode_header(header.data()).body_bytes;
    require((body_bytes > kMaxBody) == (seen.step == Step::too_large));
    if (seen.step == Step::frame) require(std::equal(seen.body.begin(), seen.body.end(), stream.begin()));
    stream = stream.subspan(std::min<std::size_t>(body_bytes, stream.size()));
  }
}

void memory_is_bounded(const FrameDecoder& decoder) {
  require(decoder.kept_bytes() <= proto::kHeaderBytes + kMaxBody);
  require(decoder.mid_frame() || decoder.kept_bytes() == 0);
}

void check(proto::Direction direction, std::span<const std::byte> stream, unsigned seed) {
  FrameDecoder whole(direction, kMaxBody);
  FrameDecoder cut(direction, kMaxBody);
  FrameDecoder paused(direction, kMaxBody);
  const auto expected = in_one_piece(whole, stream);
  require(in_pieces(cut, stream, seed, false) == expected);
  require(in_pieces(paused, stream, seed, true) == expected);
  require(whole.mid_frame() == cut.mid_frame() && whole.mid_frame() == paused.mid_frame());
  if (expected.empty() || expected.back().step != Step::bad) memory_is_bounded(cut);
  frames_are_the_bytes_that_were_read(expected, stream);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto stream = std::as_bytes(std::span(data + 1, size - 1));
  check(proto::Direction::requests, stream, data[0]);
  check(proto::Direction::answers, stream, data[0]);
  return 0;
}
