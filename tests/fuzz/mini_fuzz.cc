// Any bytes, cut in any way, decode to the same words; a word that is a request encodes to itself; a
// reply is accepted only as the encoder writes it. The first byte of the input seeds the cutting.
#include <cstdlib>
#include <vector>

#include "proto/mini.h"

namespace {

using namespace finishline::proto;

void require(bool holds) {
  if (!holds) std::abort();
}

void drain(MiniDecoder& decoder, std::vector<MiniWord>& out) {
  while (const auto word = decoder.next()) out.push_back(*word);
}

std::vector<MiniWord> in_pieces(MiniDecoder& decoder, std::span<const std::byte> stream, unsigned seed) {
  std::vector<MiniWord> out;
  while (!stream.empty()) {
    seed = seed * 1103515245 + 12345;
    const std::size_t size = std::min<std::size_t>(stream.size(), 1 + (seed >> 16) % 7);
    decoder.feed(stream.first(size));
    stream = stream.subspan(size);
    drain(decoder, out);
  }
  return out;
}

void check(MiniWord word, MiniWord reply) {
  const auto request = decode_mini(word);
  if (!request) return;
  require(encode_mini(*request) == word);
  if (const auto status = decode_mini_reply(reply, *request))
    require(encode_mini_reply(*request, *status) == reply);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto stream = std::as_bytes(std::span(data + 1, size - 1));
  MiniDecoder whole;
  MiniDecoder cut;
  std::vector<MiniWord> expected;
  whole.feed(stream);
  drain(whole, expected);
  require(in_pieces(cut, stream, data[0]) == expected);
  require(expected.size() == stream.size() / kMiniBytes && whole.mid_frame() == (stream.size() % 2 != 0));
  require(cut.mid_frame() == whole.mid_frame());
  for (std::size_t i = 0; i < expected.size(); ++i) check(expected[i], expected[(i + 1) % expected.size()]);
  return 0;
}
