// A database of countries in MaxMind's format, as small as they come: a tree of one bit of an address a node
// (records of 24 bits), the countries, and what describes them. Bytes as
// https://maxmind.github.io/MaxMind-DB says.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lb/address/address.h"

namespace finishline::test {

class GeoFile {
 public:
  /// All addresses that share the first `bits` with `host` are of this country; no network inside another.
  void add(std::string_view host, unsigned bits, std::string_view country) {
    const auto address = std::get<net::Address>(net::parse_host(host));
    std::array<std::byte, 16> all{};  // IPv4 lies at ::/96
    const auto bytes = address.host();
    std::copy(bytes.begin(), bytes.end(), all.end() - static_cast<std::ptrdiff_t>(bytes.size()));
    const unsigned depth = bits + (bytes.size() == 4 ? 96 : 0);
    std::size_t node = 0;
    for (unsigned at = 0; at + 1 < depth; ++at) node = next(node, bit(all, at));
    nodes_[node][bit(all, depth - 1)] = {.kind = Kind::country, .at = offset_of(country)};
  }

  std::string bytes() const {
    std::string file;
    for (const auto& node : nodes_)
      for (const Record& record : node) file += big_endian(value_of(record), 3);
    file += std::string(16, '\0') + countries_ + "\xab\xcd\xefMaxMind.com";
    return file + described();
  }

 private:
  enum class Kind : std::uint8_t { nothing, node, country };
  struct Record {
    Kind kind = Kind::nothing;
    std::size_t at = 0;
  };

  static std::size_t bit(const std::array<std::byte, 16>& host, unsigned at) {
    return std::to_integer<std::size_t>(host[at / 8] >> (7 - at % 8)) & 1U;
  }
  std::size_t next(std::size_t node, std::size_t bit) {
    if (nodes_[node][bit].kind != Kind::node) {
      nodes_[node][bit] = {.kind = Kind::node, .at = nodes_.size()};
      nodes_.emplace_back();
    }
    return nodes_[node][bit].at;
  }
  std::size_t offset_of(std::string_view country) {
    const auto [it, is_new] = offsets_.try_emplace(std::string(country), countries_.size());
    if (is_new) countries_ += map(1) + text("country") + map(1) + text("iso_code") + text(country);
    return it->second;
  }
  std::size_t value_of(const Record& record) const {
    if (record.kind == Kind::node) return record.at;
    return record.kind == Kind::nothing ? nodes_.size() : nodes_.size() + 16 + record.at;
  }
  std::string described() const {
    return map(9) + text("binary_format_major_version") + number(kUint16, 2, 2) +
           text("binary_format_minor_version") + number(kUint16, 0, 2) + text("build_epoch") +
           extended(kUint64, 8) + big_endian(1'793'404'800, 8) + text("database_type") +
           text("Test-Country") + text("description") + map(0) + text("ip_version") + number(kUint16, 6, 2) +
           text("languages") + extended(kArray, 0) + text("node_count") + number(kUint32, nodes_.size(), 4) +
           text("record_size") + number(kUint16, 24, 2);
  }

  static constexpr unsigned kText = 2, kUint16 = 5, kUint32 = 6, kMap = 7, kUint64 = 9, kArray = 11;
  static std::string head(unsigned type, std::size_t size) {
    return {static_cast<char>(type << 5U | static_cast<unsigned>(size))};
  }
  static std::string extended(unsigned type, std::size_t size) {
    return {static_cast<char>(size), static_cast<char>(type - 7)};
  }
  static std::string big_endian(std::uint64_t value, unsigned bytes) {
    std::string out;
    while (bytes-- > 0) out += static_cast<char>(value >> (8 * bytes));
    return out;
  }
  static std::string text(std::string_view it) { return head(kText, it.size()) + std::string(it); }
  static std::string map(std::size_t pairs) { return head(kMap, pairs); }
  static std::string number(unsigned type, std::uint64_t value, unsigned bytes) {
    return head(type, bytes) + big_endian(value, bytes);
  }

  std::vector<std::array<Record, 2>> nodes_{1};
  std::string countries_;
  std::map<std::string, std::size_t> offsets_;
};

}  // namespace finishline::test
