#include "proto/proxy_header.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace finishline::proto;
using Family = ProxyHeader::Family;
using Step = ProxyHeaderDecoder::Step;

namespace {

struct Decoded {
  Step step = Step::need_more;
  ProxyHeader header;
  std::size_t left = 0;  // bytes behind the header
};

Decoded decode(std::string_view text) {
  ProxyHeaderDecoder decoder;
  auto bytes = std::as_bytes(std::span(text));
  const Step step = decoder.feed(bytes);
  return {step, decoder.header(), bytes.size()};
}

ProxyHeader::Host host(std::initializer_list<int> bytes) {
  ProxyHeader::Host host{};
  std::size_t at = 0;
  for (const int byte : bytes) host[at++] = static_cast<std::byte>(byte);
  return host;
}

const ProxyHeader kV4{.family = Family::ipv4,
                      .source = host({192, 0, 2, 1}),
                      .destination = host({198, 51, 100, 7}),
                      .source_port = 56324,
                      .destination_port = 443};
const std::string kLine = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";
const std::string kBinary("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\7\xdc\x04\1\xbb", 28);

}  // namespace

TEST_CASE("both versions say whose connection it is, byte for byte as specified") {
  CHECK(encode_proxy_v1(kV4) == kLine);
  CHECK(encode_proxy_v2(kV4) == kBinary);
  for (const std::string& text : {kLine, kBinary}) {
    const Decoded decoded = decode(text + "V5");
    CHECK(decoded.step == Step::done);
    CHECK(decoded.header == kV4);
    CHECK(decoded.left == 2);
  }
}

TEST_CASE("IPv6 in both versions, up to the longest line there is") {
  const std::string longest =
      "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
      "65535\r\n";
  CHECK(decode("PROXY UNKNOWN " + std::string(91, 'f') + "\r\n").step == Step::done);
  CHECK(decode("PROXY UNKNOWN " + std::string(92, 'f') + "\r\n").step == Step::bad);
  CHECK(decode("PROXY TCP6 ::ffff:192.0.2.1 2001:DB8::1 1 2\r\n").step == Step::done);
  const Decoded decoded = decode(longest);
  CHECK(decoded.step == Step::done);
  CHECK(decoded.header.family == Family::ipv6);
  CHECK(decoded.header.source_port == 65535);
  CHECK(encode_proxy_v1(decoded.header) == longest);
  CHECK(decode(encode_proxy_v2(decoded.header)).header == decoded.header);
}

TEST_CASE("a proxy's own connection, and kinds without addresses, name nobody") {
  CHECK(decode("PROXY UNKNOWN\r\n").header.family == Family::none);
  CHECK(decode("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n").step == Step::done);
  const Decoded local = decode(encode_proxy_v2({.local = true}) + "rest");
  CHECK(local.step == Step::done);
  CHECK(local.header.local);
  CHECK(local.left == 4);
  const Decoded unsaid = decode(encode_proxy_v2({}));
  CHECK(unsaid.step == Step::done);
  CHECK_FALSE(unsaid.header.local);
  CHECK(encode_proxy_v1({.local = true}) == "PROXY UNKNOWN\r\n");
  std::string unix_socket = kBinary.substr(0, 13) + '\x31' + std::string("\0\xd8", 2) + std::string(216, 'p');
  CHECK(decode(unix_socket).step == Step::done);
  CHECK(decode(unix_socket).header.family == Family::none);
}

namespace {

/// The header of kV4 with these bytes behind its addresses.
std::string with_fields(const std::string& fields) {
  std::string text = kBinary;
  const std::size_t length = 12 + fields.size();
  text[14] = static_cast<char>(length >> 8);
  text[15] = static_cast<char>(length & 0xff);
  return text + fields;
}

const std::string kName(
    "\x02\0\x0b"
    "example.org",
    14),
    kAlpn("\x01\0\x02h2", 5);
const std::string kChecksum(
    "\x03\0\x04"
    "abcd",
    7),
    kPadding("\x04\0\x02\0\0", 5);

}  // namespace

TEST_CASE("further fields of version 2 are kept and written again, all but the checksum and padding") {
  const Decoded decoded = decode(with_fields(kName + kChecksum + kPadding + kAlpn) + "V5");
  CHECK(decoded.step == Step::done);
  CHECK(decoded.left == 2);
  CHECK(decoded.header.fields == kName + kAlpn);
  CHECK(encode_proxy_v2(decoded.header) == with_fields(kName + kAlpn));
  CHECK(encode_proxy_v1(decoded.header) == kLine);
}

TEST_CASE("fields that are too many, malformed or of the proxy's own connection are skipped") {
  const std::string most("\x05\x0f\xfd" + std::string(4093, 'i'));
  CHECK(decode(with_fields(most)).header.fields == most);
  for (const std::string& fields :
       {most + kAlpn, std::string(32768, 't'), kName + "\x02", kName.substr(0, 9)}) {
    const Decoded decoded = decode(with_fields(fields) + "V5");
    CHECK(decoded.step == Step::done);
    CHECK(decoded.header == kV4);
    CHECK(decoded.left == 2);
  }
  std::string own = with_fields(kName);
  own[12] = '\x20';
  CHECK(decode(own).step == Step::done);
  CHECK(decode(own).header == ProxyHeader{.local = true});
}

TEST_CASE("fields behind addresses that are none of TCP are kept") {
  std::string text = with_fields(std::string(204, '/') + kName);
  text[13] = '\x31';
  const Decoded decoded = decode(text);
  CHECK(decoded.step == Step::done);
  CHECK(decoded.header == ProxyHeader{.fields = kName});
}

TEST_CASE("no byte beyond the header is wanted, at any moment, and some until then") {
  for (const std::string& text :
       {kLine, kBinary, encode_proxy_v1({}), encode_proxy_v2({}), with_fields(kName + kPadding)}) {
    ProxyHeaderDecoder decoder;
    std::size_t at = 0;
    Step step = Step::need_more;
    while (step == Step::need_more) {
      const std::size_t wanted = decoder.wanted();
      REQUIRE(wanted > 0);
      REQUIRE(at + wanted <= text.size());
      auto bytes = std::as_bytes(std::span(text)).subspan(at, wanted);
      at += wanted;
      step = decoder.feed(bytes);
      REQUIRE(bytes.empty());
    }
    CHECK(step == Step::done);
    CHECK(at == text.size());
  }
}

TEST_CASE("what is no header is bad as soon as that is clear") {
  CHECK(decode("G").step == Step::bad);
  CHECK(decode("PROXYX").step == Step::bad);
  CHECK(decode("\r\n\r\nX").step == Step::bad);
  CHECK(decode(std::string(106, 'x').insert(0, "PROXY ")).step == Step::bad);
}

TEST_CASE("a line of version 1 is spelled in one way, and anything else is bad") {
  for (const auto* text : {"PROXY TCP4 192.0.2.1 198.51.100.7 56324\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 1\r\n",
                           "PROXY TCP4 192.0.2.1  198.51.100.7 56324 443\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.7 56324 65536\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.7 56324 0443\r\n",
                           "PROXY TCP4 ::1 ::1 1 2\r\n",
                           "PROXY TCP6 192.0.2.1 198.51.100.7 1 2\r\n",
                           "PROXY UDP4 192.0.2.1 198.51.100.7 1 2\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\n",
                           "PROXY \r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.7 +1 443\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.7 -1 443\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.7  443\r\n",
                           "PROXY TCP4 192.0.2.01 198.51.100.7 1 443\r\n",
                           "PROXY TCP4 192.0.2.1 0xc6.51.100.7 1 443\r\n",
                           "PROXY TCP4 192.0.513 198.51.100.7 1 443\r\n",
                           "PROXY TCP4 192.0.2.256 198.51.100.7 1 443\r\n",
                           "PROXY TCP4 192.0.2.1\t198.51.100.7 1 443\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.7 1 443 \r\n",
                           "PROXY  TCP4 192.0.2.1 198.51.100.7 1 443\r\n",
                           "PROXY TCP4 192.0.2.1 198.51.100.7 1 443\r\r\n",
                           "PROXY tcp4 192.0.2.1 198.51.100.7 1 443\r\n",
                           "PROXY TCP6 fe80::1%lo ::1 1 443\r\n",
                           "PROXY TCP6 [::1] ::1 1 443\r\n",
                           "PROXY TCP6 ::1::2 ::1 1 443\r\n",
                           "PROXY TCP6 :::1 ::1 1 443\r\n",
                           "PROXY TCP6 12345::1 ::1 1 443\r\n",
                           "PROXY UNKNOWNX\r\n",
                           "PROXY TCP4\r\n"}) {
    CAPTURE(text);
    CHECK(decode(text).step == Step::bad);
  }
}

TEST_CASE("a zero byte inside a line of version 1 is bad") {
  using std::string_view_literals::operator""sv;
  for (const auto text :
       {"PROXY TCP4 192.0.2.1\0 198.51.100.7 56324 443\r\n"sv,
        "PROXY TCP4 192.0.2.1 198.51.100.7\0x 56324 443\r\n"sv,
        "PROXY TCP4 192.0.2.1 198.51.100.7 56324\0 443\r\n"sv, "PROXY TCP6 ::1\0 ::1 56324 443\r\n"sv}) {
    CHECK(decode(text).step == Step::bad);
  }
}

TEST_CASE("in version 2 a wrong version, command, family or length is bad") {
  std::string version = kBinary, command = kBinary, shorter = kBinary;
  version[12] = '\x11';
  command[12] = '\x22';
  shorter[15] = '\x0b';
  CHECK(decode(version).step == Step::bad);
  CHECK(decode(command).step == Step::bad);
  CHECK(decode(shorter).step == Step::bad);
  for (const int kind : {0x01, 0x10, 0x13, 0x20, 0x23, 0x30, 0x33, 0x41, 0xff}) {
    CAPTURE(kind);
    std::string text = kBinary;
    text[13] = static_cast<char>(kind);
    CHECK(decode(text).step == Step::bad);
    text[12] = '\x20';  // of the proxy's own connection it does not count
    CHECK(decode(text).step == Step::done);
  }
  std::string short_unix = kBinary.substr(0, 13) + '\x31' + std::string("\0\xd7", 2) + std::string(215, 'p');
  CHECK(decode(short_unix).step == Step::bad);
}
