// Any bytes, cut in any way, are judged alike; never more is used than a header has; what is good encodes to
// something that means the same. The first byte of the input seeds the cutting.
#include <cstdlib>
#include <string>

#include "proto/proxy_header.h"

namespace {

using namespace finishline::proto;
using Step = ProxyHeaderDecoder::Step;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  Step step = Step::need_more;
  std::size_t used = 0;
  ProxyHeader header;
  bool operator==(const Outcome&) const = default;
};

Outcome in_pieces(std::span<const std::byte> stream, unsigned seed) {
  ProxyHeaderDecoder decoder;
  Outcome outcome;
  while (!stream.empty() && outcome.step == Step::need_more) {
    seed = seed * 1103515245 + 12345;
    auto piece =
        stream.first(std::min<std::size_t>(stream.size(), seed == 0 ? stream.size() : 1 + (seed >> 16) % 9));
    const std::size_t size = piece.size();
    outcome.step = decoder.feed(piece);
    outcome.used += size - piece.size();
    stream = stream.subspan(size - piece.size());
    require(outcome.step != Step::need_more || piece.empty());
  }
  if (outcome.step == Step::done) outcome.header = decoder.header();
  return outcome;
}

/// As the worker reads: never more than wanted.
Outcome as_wanted(std::span<const std::byte> stream) {
  ProxyHeaderDecoder decoder;
  Outcome outcome;
  while (outcome.used < stream.size() && outcome.step == Step::need_more) {
    require(decoder.wanted() > 0);
    auto piece = stream.subspan(outcome.used).first(std::min(decoder.wanted(), stream.size() - outcome.used));
    const std::size_t size = piece.size();
    outcome.step = decoder.feed(piece);
    require(piece.empty() || outcome.step == Step::bad);
    outcome.used += size - piece.size();
  }
  if (outcome.step == Step::done) outcome.header = decoder.header();
  return outcome;
}

void check_round_trip(const ProxyHeader& header) {
  for (const std::string& text : {encode_proxy_v1(header), encode_proxy_v2(header)}) {
    Outcome again = in_pieces(std::as_bytes(std::span(text)), 7);
    if (text.starts_with("PROXY ")) {  // a line cannot say
      again.header.local = header.local;
      again.header.fields = header.fields;
    }
    require(again.step == Step::done && again.used == text.size() && again.header == header);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto stream = std::as_bytes(std::span(data + 1, size - 1));
  const Outcome whole = in_pieces(stream, 0);
  require(in_pieces(stream, data[0]) == whole);
  require(as_wanted(stream) == whole);
  if (whole.step == Step::done) check_round_trip(whole.header);
  return 0;
}
