// Time of the frame codec. One item is one frame. Run: build/bench/frame_bench
//
//   encode                  a header into place
//   decode/BODY             one read of 64 KiB that holds whole frames with bodies of BODY bytes
//   decode_split/BODY       the same bytes in reads of 1460, so that frames span reads
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "proto/frame.h"
#include "tests/support/frames.h"

namespace finishline::proto {
namespace {

constexpr std::size_t kReadBytes = 64U << 10;
constexpr std::size_t kSegmentBytes = 1460;

test::Bytes stream_of(std::size_t body_bytes) {
  const test::Bytes body(body_bytes, std::byte{'b'});
  test::Bytes stream;
  for (std::uint64_t id = 0; stream.size() + kHeaderBytes + body_bytes <= kReadBytes; ++id) {
    test::append_frame(stream, {.type = 'V', .id = id, .length = 5}, body);
  }
  return stream;
}

/// Feeds one read and takes all frames out of it; returns how many.
std::int64_t take_frames(FrameDecoder& decoder, std::span<const std::byte> read) {
  std::int64_t frames = 0;
  Frame frame;
  decoder.feed(read);
  while (decoder.next(frame) == FrameDecoder::Step::frame) {
    benchmark::DoNotOptimize(frame);
    ++frames;
  }
  return frames;
}

void decode_in_reads_of(benchmark::State& state, std::size_t read_bytes) {
  const test::Bytes stream = stream_of(static_cast<std::size_t>(state.range(0)));
  FrameDecoder decoder(Direction::requests, kDefaultMaxBody);
  std::int64_t frames = 0;
  for (auto _ : state) {
    for (std::span<const std::byte> rest = stream; !rest.empty();) {
      const auto read = rest.first(std::min(read_bytes, rest.size()));
      rest = rest.subspan(read.size());
      frames += take_frames(decoder, read);
    }
  }
  state.SetItemsProcessed(frames);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
}

void decode(benchmark::State& state) { decode_in_reads_of(state, kReadBytes); }
BENCHMARK(decode)->Arg(0)->Arg(8)->Arg(256)->Arg(4096);

void decode_split(benchmark::State& state) { decode_in_reads_of(state, kSegmentBytes); }
BENCHMARK(decode_split)->Arg(0)->Arg(8)->Arg(256)->Arg(4096);

void encode(benchmark::State& state) {
  FrameHeader header{.body_bytes = 8, .type = 'V', .length = 5};
  std::byte out[kHeaderBytes];
  for (auto _ : state) {
    ++header.id;
    encode_header(header, out);
    benchmark::DoNotOptimize(out);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode);

}  // namespace
}  // namespace finishline::proto

BENCHMARK_MAIN();
