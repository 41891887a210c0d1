// Any bytes, cut in any way, are judged alike, and a name that is read is one that could be asked for. The
// first byte of the input seeds the cutting.
#include <cstdlib>
#include <string>

#include "lb/tls/client_hello.h"
#include "lb/tls/server_name.h"

namespace {

using namespace finishline::tls;
using Step = ClientHelloDecoder::Step;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  Step step = Step::need_more;
  std::string name;
  bool operator==(const Outcome&) const = default;
};

Outcome in_pieces(std::span<const std::byte> bytes, unsigned seed) {
  ClientHelloDecoder decoder;
  Outcome outcome;
  while (!bytes.empty() && outcome.step == Step::need_more) {
    seed = seed == 0 ? 0 : seed * 1103515245 + 12345;
    const auto piece =
        bytes.first(seed == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 1 + (seed >> 16) % 9));
    outcome.step = decoder.feed(piece);
    bytes = bytes.subspan(piece.size());
  }
  if (outcome.step == Step::done) outcome.name = decoder.server_name();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  const Outcome whole = in_pieces(bytes, 0);
  require(in_pieces(bytes, data[0]) == whole);
  for (const char c : whole.name) require(c > ' ' && c < 0x7f);
  require(whole.name.size() <= 255 && plain_name(plain_name(whole.name) + "x").size() <= 256);
  return 0;
}
