#include "proto/proxy_header.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace finishline::proto {
namespace {

using Family = ProxyHeader::Family;

constexpr std::string_view kLineStart = "PROXY ";
constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixedBytes = 16;    // of version 2: signature, command, family, length
constexpr std::size_t kShortestLine = 15;  // "PROXY UNKNOWN\r\n"
constexpr unsigned kLocal = 0x20, kProxy = 0x21;
constexpr unsigned kUnspecified = 0x00, kTcp4 = 0x11, kUdp4 = 0x12, kTcp6 = 0x21, kUdp6 = 0x22, kUnix = 0x31,
                   kUnixDatagram = 0x32;

/// The addresses of a kind of version 2; nothing for a number that is none.
std::optional<std::size_t> address_bytes(unsigned kind) {
  switch (kind) {
    case kUnspecified:
      return 0;
    case kTcp4:
    case kUdp4:
      return 12;
    case kTcp6:
    case kUdp6:
      return 36;
    case kUnix:
    case kUnixDatagram:
      return 216;
    default:
      return std::nullopt;
  }
}

/// Two hosts and two ports.
std::size_t address_bytes(Family family) {
  return family == Family::ipv4 ? 12 : family == Family::ipv6 ? 36 : 0;
}

int system_family(Family family) { return family == Family::ipv4 ? AF_INET : AF_INET6; }

std::string text_of(Family family, const ProxyHeader::Host& host) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(system_family(family), host.data(), text, sizeof text);
  return text;
}

bool read_host(Family family, std::string_view text, ProxyHeader::Host& host) {
  constexpr std::string_view kAllowed = "0123456789abcdefABCDEF:.";  // no end of a C string among them
  if (text.find_first_not_of(kAllowed) != std::string_view::npos) return false;
  return inet_pton(system_family(family), std::string(text).c_str(), host.data()) == 1;
}

/// Decimal without leading zeros, as the specification demands.
bool read_port(std::string_view text, std::uint16_t& port) {
  if (text.size() > 1 && text.front() == '0') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size();
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

unsigned number(std::byte byte) { return std::to_integer<unsigned>(byte); }

void append_port(std::string& out, std::uint16_t port) {
  out += static_cast<char>(port >> 8);
  out += static_cast<char>(port & 0xff);
}

void append_host(std::string& out, const ProxyHeader::Host& host, std::size_t bytes) {
  out.append(reinterpret_cast<const char*>(host.data()), bytes);
}

/// Of encoded fields, without those that are about this header alone; "" when they are malformed.
std::string lasting_fields(std::string_view fields) {
  constexpr std::size_t kFieldHead = 3;  // what it is, and its length
  constexpr char kChecksum = 0x03, kPadding = 0x04;
  std::string lasting;
  while (!fields.empty()) {
    if (fields.size() < kFieldHead) return {};
    const std::size_t size =
        kFieldHead + (static_cast<std::size_t>(static_cast<unsigned char>(fields[1])) << 8 |
                      static_cast<unsigned char>(fields[2]));
    if (size > fields.size()) return {};
    if (fields[0] != kChecksum && fields[0] != kPadding) lasting += fields.substr(0, size);
    fields.remove_prefix(size);
  }
  return lasting;
}

}  // namespace

std::string encode_proxy_v1(const ProxyHeader& header) {
  if (header.family == Family::none) return "PROXY UNKNOWN\r\n";
  return std::string(kLineStart) + (header.family == Family::ipv4 ? "TCP4 " : "TCP6 ") +
         text_of(header.family, header.source) + ' ' + text_of(header.family, header.destination) + ' ' +
         std::to_string(header.source_port) + ' ' + std::to_string(header.destination_port) + "\r\n";
}

std::string encode_proxy_v2(const ProxyHeader& header) {
  std::string out(kSignature);
  const bool nobody = header.family == Family::none;
  out += static_cast<char>(header.local ? kLocal : kProxy);
  out += static_cast<char>(nobody ? kUnspecified : header.family == Family::ipv4 ? kTcp4 : kTcp6);
  append_port(out, static_cast<std::uint16_t>(address_bytes(header.family) + header.fields.size()));
  if (nobody) return out + header.fields;
  append_host(out, header.source, header.host_bytes());
  append_host(out, header.destination, header.host_bytes());
  append_port(out, header.source_port);
  append_port(out, header.destination_port);
  return out + header.fields;
}

ProxyHeaderDecoder::Step ProxyHeaderDecoder::feed(std::span<const std::byte>& bytes) {
  while (!bytes.empty()) {
    Step step = Step::need_more;
    if (skip_ + fields_left_ > 0) {
      step = take_behind(bytes);
    } else {
      step = take(bytes.front());
      bytes = bytes.subspan(1);
    }
    if (step != Step::need_more) return step;
  }
  return Step::need_more;
}

/// What follows the addresses.
ProxyHeaderDecoder::Step ProxyHeaderDecoder::take_behind(std::span<const std::byte>& bytes) {
  std::size_t& left = skip_ > 0 ? skip_ : fields_left_;
  const std::size_t n = std::min(left, bytes.size());
  if (skip_ == 0) header_.fields.append(reinterpret_cast<const char*>(bytes.data()), n);
  bytes = bytes.subspan(n);
  left -= n;
  if (skip_ + fields_left_ > 0) return Step::need_more;
  header_.fields = lasting_fields(header_.fields);
  return Step::done;
}

std::size_t ProxyHeaderDecoder::wanted() const {
  if (skip_ + fields_left_ > 0) return skip_ + fields_left_;
  if (size_ < kShortestLine) return kShortestLine - size_;
  if (kept_[0] == std::byte{'P'} || size_ < kFixedBytes) return 1;
  return kFixedBytes + address_bytes(header_.family) - size_;
}

ProxyHeaderDecoder::Step ProxyHeaderDecoder::take(std::byte byte) {
  const bool line = size_ == 0 ? byte == std::byte{'P'} : kept_[0] == std::byte{'P'};
  if (line) return take_line(byte);
  if (size_ < kSignature.size() && byte != static_cast<std::byte>(kSignature[size_])) return Step::bad;
  kept_[size_++] = byte;
  return take_binary();
}

// --- version 1 -------------------------------------------------------------------------------------

ProxyHeaderDecoder::Step ProxyHeaderDecoder::take_line(std::byte byte) {
  if (size_ == kept_.size()) return Step::bad;
  if (size_ < kLineStart.size() && byte != static_cast<std::byte>(kLineStart[size_])) return Step::bad;
  kept_[size_++] = byte;
  if (byte != std::byte{'\n'}) return Step::need_more;
  return read_line() ? Step::done : Step::bad;
}

bool ProxyHeaderDecoder::read_line() {
  std::string_view line(reinterpret_cast<const char*>(kept_.data()), size_);
  if (!line.ends_with("\r\n")) return false;
  line.remove_suffix(2);
  line.remove_prefix(std::min(kLineStart.size(), line.size()));
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return true;
  const auto words = words_of(line);
  if (words.size() != 5) return false;
  if (words[0] != "TCP4" && words[0] != "TCP6") return false;
  const Family family = words[0] == "TCP4" ? Family::ipv4 : Family::ipv6;
  if (!read_host(family, words[1], header_.source) || !read_host(family, words[2], header_.destination))
    return false;
  if (!read_port(words[3], header_.source_port) || !read_port(words[4], header_.destination_port))
    return false;
  header_.family = family;
  return true;
}

// --- version 2 -------------------------------------------------------------------------------------

ProxyHeaderDecoder::Step ProxyHeaderDecoder::take_binary() {
  if (size_ < kFixedBytes) return Step::need_more;
  const unsigned command = number(kept_[12]);
  const std::size_t length = number(kept_[14]) << 8 | number(kept_[15]);
  const bool own = command == kLocal;
  const unsigned kind = own ? kUnspecified : number(kept_[13]);  // of the proxy's own it does not count
  const auto needed = address_bytes(kind);
  if (size_ == kFixedBytes) {
    if (command != kLocal && command != kProxy) return Step::bad;
    header_.local = own;
    if (!needed || length < *needed) return Step::bad;
    header_.family = kind == kTcp4 ? Family::ipv4 : kind == kTcp6 ? Family::ipv6 : Family::none;
  }
  if (size_ < kFixedBytes + address_bytes(header_.family)) return Step::need_more;
  read_addresses();
  const std::size_t fields = length - *needed;
  fields_left_ = own || fields > kMostFields ? 0 : fields;
  skip_ = length - address_bytes(header_.family) - fields_left_;
  return skip_ + fields_left_ > 0 ? Step::need_more : Step::done;
}

void ProxyHeaderDecoder::read_addresses() {
  const std::size_t n = header_.host_bytes();
  const std::byte* at = kept_.data() + kFixedBytes;
  std::copy_n(at, n, header_.source.begin());
  std::copy_n(at + n, n, header_.destination.begin());
  if (n == 0) return;
  const auto port = [](const std::byte* from) {
    return static_cast<std::uint16_t>(number(from[0]) << 8 | number(from[1]));
  };
  header_.source_port = port(at + 2 * n);
  header_.destination_port = port(at + 2 * n + 2);
}

}  // namespace finishline::proto
