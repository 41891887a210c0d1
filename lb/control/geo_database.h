// Which country an address is of: one file in MaxMind's format, as GeoLite2-Country or DB-IP's country
// database. Control process.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "lb/address/address.h"

struct MMDB_s;

namespace finishline::control {

class GeoDatabase {
 public:
  /// A larger file is refused.
  static constexpr std::size_t kMostBytes = std::size_t{512} << 20;

  /// Works on a copy in memory: whatever becomes of the file, this one stays good. The string is the reason
  /// why it cannot be used, fit for a user.
  static std::variant<GeoDatabase, std::string> open(const std::string& file);

  /// Two letters, as "DE"; "" where the database says nothing.
  std::string country_of(const net::Address& address) const;
  /// "GeoLite2-Country of 2026-11-03"
  std::string name() const;

 private:
  struct Closer {
    void operator()(MMDB_s* it) const;
  };
  explicit GeoDatabase(MMDB_s* opened) : opened_(opened) {}

  std::unique_ptr<MMDB_s, Closer> opened_;
};

}  // namespace finishline::control
