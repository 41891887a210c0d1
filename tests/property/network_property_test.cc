// A network against the plainest oracle: compare bit by bit.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <vector>

#include "lb/address/network.h"

using namespace finishline::net;

namespace {

bool bit(const std::vector<std::uint8_t>& bytes, std::size_t n) {
  return (bytes[n / 8] >> (7 - n % 8) & 1) != 0;
}

bool same_bits(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b, std::size_t count) {
  for (std::size_t n = 0; n < count; ++n)
    if (bit(a, n) != bit(b, n)) return false;
  return true;
}

Address address(const std::vector<std::uint8_t>& host) { return Address(std::as_bytes(std::span(host)), 1); }

std::string text_of(const std::vector<std::uint8_t>& host, std::size_t prefix) {
  const std::string with_port = address(host).to_string();
  std::string text = with_port.substr(0, with_port.rfind(':'));
  if (text.front() == '[') text = text.substr(1, text.size() - 2);
  return text + '/' + std::to_string(prefix);
}

}  // namespace

TEST_CASE("a network holds an address exactly when their first bits are equal") {
  CHECK(rc::check([] {
    const std::size_t size = *rc::gen::element(4, 16);
    const auto base =
        *rc::gen::container<std::vector<std::uint8_t>>(size, rc::gen::arbitrary<std::uint8_t>());
    const auto prefix = *rc::gen::inRange<std::size_t>(0, size * 8 + 1);
    auto network_bytes = base;
    for (std::size_t n = prefix; n < size * 8; ++n)
      network_bytes[n / 8] &= static_cast<std::uint8_t>(~(0x80U >> n % 8));
    auto probe = base;  // differs in few bits, so that both outcomes are frequent
    for (const auto n :
         *rc::gen::container<std::vector<std::size_t>>(2, rc::gen::inRange<std::size_t>(0, size * 8)))
      probe[n / 8] ^= static_cast<std::uint8_t>(0x80U >> n % 8);
    RC_PRE(address(probe).host().size() == size && address(network_bytes).host().size() == size);

    const auto parsed = parse_network(text_of(network_bytes, prefix));
    RC_ASSERT(std::holds_alternative<Network>(parsed));
    const auto& network = std::get<Network>(parsed);
    RC_ASSERT(network.contains(address(probe)) == same_bits(network_bytes, probe, prefix));
    RC_ASSERT(std::get<Network>(parse_network(network.to_string())) == network);
  }));
}
