// Headers of the PROXY protocol survive being written and read, however the bytes are cut.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>

#include "proto/proxy_header.h"

using namespace finishline::proto;

namespace {

ProxyHeader::Host any_host(std::size_t bytes) {
  ProxyHeader::Host host{};
  for (std::size_t i = 0; i < bytes; ++i)
    host[i] = static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>());
  return host;
}

ProxyHeader any_header() {
  ProxyHeader header;
  header.family =
      *rc::gen::element(ProxyHeader::Family::none, ProxyHeader::Family::ipv4, ProxyHeader::Family::ipv6);
  if (header.family == ProxyHeader::Family::none) {
    header.local = *rc::gen::arbitrary<bool>();
    return header;
  }
  header.source = any_host(header.host_bytes());
  header.destination = any_host(header.host_bytes());
  header.source_port = *rc::gen::arbitrary<std::uint16_t>();
  header.destination_port = *rc::gen::arbitrary<std::uint16_t>();
  return header;
}

}  // namespace

TEST_CASE("a header that was written is read back, in pieces of any size and no byte beyond it") {
  CHECK(rc::check([] {
    const ProxyHeader header = any_header();
    const bool binary = *rc::gen::arbitrary<bool>();
    const std::string text = (binary ? encode_proxy_v2(header) : encode_proxy_v1(header)) + "behind";
    ProxyHeaderDecoder decoder;
    auto step = ProxyHeaderDecoder::Step::need_more;
    std::size_t at = 0;
    while (step == ProxyHeaderDecoder::Step::need_more) {
      RC_ASSERT(at < text.size());
      const auto size = *rc::gen::inRange<std::size_t>(1, 20);
      auto piece = std::as_bytes(std::span(text)).subspan(at).first(std::min(size, text.size() - at));
      const std::size_t before = piece.size();
      step = decoder.feed(piece);
      at += before - piece.size();
    }
    RC_ASSERT(step == ProxyHeaderDecoder::Step::done);
    RC_ASSERT(decoder.header().local == (binary && header.local));
    ProxyHeader read = decoder.header();
    read.local = header.local;
    RC_ASSERT(read == header);
    RC_ASSERT(text.substr(at) == "behind");
  }));
}
