// The PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt, revision 2020/03/05): what a proxy
// in front of us says first on a connection, namely whose connection it is. Ground floor: no I/O; text
// addresses are read and written by the C library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace finishline::proto {

/// Both ends of the connection that is passed on, in network order.
struct ProxyHeader {
  /// none: of a kind that has no such addresses, or the proxy does not say, or the connection is its own.
  enum class Family : std::uint8_t { none, ipv4, ipv6 };
  using Host = std::array<std::byte, 16>;  // of IPv4 the first four count

  Family family = Family::none;
  bool local = false;  // the proxy's own connection, such as a health check; only version 2 can say so
  Host source{};
  Host destination{};
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  /// Further fields of version 2 (TLVs), encoded, such as the name that was asked for or facts of TLS: those
  /// that mean the same on the next connection, so no checksum and no padding. "": none.
  std::string fields{};

  std::size_t host_bytes() const { return family == Family::ipv4 ? 4 : family == Family::ipv6 ? 16 : 0; }
  std::span<const std::byte> source_host() const { return std::span(source).first(host_bytes()); }
  bool operator==(const ProxyHeader&) const = default;
};

/// The line of version 1, "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n".
std::string encode_proxy_v1(const ProxyHeader& header);
/// The bytes of version 2, with the further fields.
std::string encode_proxy_v2(const ProxyHeader& header);

/// Reads by the letter of the specification: single spaces, decimal ports without leading zeros, addresses of
/// the family that is named (in TCP6 a dotted end of an IPv4-mapped one, too, as all senders write it), CRLF
/// within 107 bytes; of version 2 the commands and kinds that it lists, with as many bytes as their addresses
/// need.
///
/// Takes one header off the front of a byte stream, in pieces of any size, and no byte more. Keeps at most
/// kMostKept bytes and kMostFields of further fields: where there are more, where they are malformed, and of
/// a proxy's own connection, they are skipped as they come.
class ProxyHeaderDecoder {
 public:
  static constexpr std::size_t kMostKept = 107;  // the longest line of version 1
  static constexpr std::size_t kMostFields = 4096;

  enum class Step : std::uint8_t { need_more, done, bad };

  /// Drops what it used from the front of `bytes`. After done or bad it must not be called again.
  Step feed(std::span<const std::byte>& bytes);
  /// Bytes that may be read without reading beyond the header; at least 1 until it is done.
  std::size_t wanted() const;
  /// After done.
  const ProxyHeader& header() const { return header_; }

 private:
  Step take(std::byte byte);
  Step take_line(std::byte byte);
  Step take_binary();
  bool read_line();
  void read_addresses();
  Step take_behind(std::span<const std::byte>& bytes);

  ProxyHeader header_;
  std::array<std::byte, kMostKept> kept_{};
  std::size_t size_ = 0;
  std::size_t skip_ = 0;         // version 2: bytes that say nothing to us,
  std::size_t fields_left_ = 0;  // and behind them those of further fields, which are kept
};

}  // namespace finishline::proto
