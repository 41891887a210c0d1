// Hellos of TLS clients that were changed, cut and joined at random: judged alike however they come, and
// never with a name that is none.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <optional>
#include <string>

#include "lb/tls/client_hello.h"
#include "tests/support/client_hellos.h"

using namespace finishline;
using namespace finishline::test;
using tls::ClientHelloDecoder;
using Step = ClientHelloDecoder::Step;

namespace {

struct Outcome {
  Step step = Step::need_more;
  std::string name;
  bool operator==(const Outcome&) const = default;
};

Outcome in_pieces(std::string_view bytes, std::size_t piece) {
  ClientHelloDecoder decoder;
  Outcome outcome;
  while (!bytes.empty() && outcome.step == Step::need_more) {
    const std::string_view part = bytes.substr(0, piece);
    outcome.step = decoder.feed(std::as_bytes(std::span(part)));
    bytes.remove_prefix(part.size());
  }
  if (outcome.step == Step::done) outcome.name = decoder.server_name();
  return outcome;
}

}  // namespace

TEST_CASE("a hello says the same however it is cut into records and pieces") {
  rc::check([] {
    const auto name = *rc::gen::container<std::string>(rc::gen::inRange('a', 'z'));
    const auto record = static_cast<std::size_t>(*rc::gen::inRange(1, 200));
    const auto piece = static_cast<std::size_t>(*rc::gen::inRange(1, 200));
    const std::string bytes = in_records(client_hello(name), record);
    const Outcome whole = in_pieces(bytes, bytes.size());
    RC_ASSERT(whole == (name.size() > 255 ? Outcome{Step::bad, ""} : Outcome{Step::done, name}));
    RC_ASSERT(in_pieces(bytes, piece) == whole);
  });
}

TEST_CASE("ten thousand spoilt hellos are judged alike in one piece and in many, and names stay printable") {
  unsigned seed = 1;
  const auto draw = [&](std::size_t below) {
    seed = seed * 1103515245 + 12345;
    return static_cast<std::size_t>(seed >> 16) % below;
  };
  std::size_t good = 0, bad = 0;
  for (int i = 0; i < 10000; ++i) {
    std::string bytes = in_records(client_hello("www.example.org"), 1 + draw(300));
    for (std::size_t n = draw(4); n > 0; --n) bytes[draw(bytes.size())] = static_cast<char>(draw(256));
    if (draw(4) == 0) bytes.erase(draw(bytes.size()), 1 + draw(5));
    if (draw(4) == 0) bytes.insert(draw(bytes.size()), 1 + draw(5), static_cast<char>(draw(256)));
    if (draw(4) == 0) bytes.resize(draw(bytes.size()));
    if (bytes.empty()) continue;
    const Outcome whole = in_pieces(bytes, bytes.size());
    REQUIRE(in_pieces(bytes, 1 + draw(40)) == whole);
    for (const char c : whole.name) REQUIRE((c > ' ' && c < 0x7f));
    good += whole.step == Step::done;
    bad += whole.step == Step::bad;
  }
  CHECK(good > 100);
  CHECK(bad > 100);
}
