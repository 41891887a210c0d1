// The countries that traffic comes from, by the database of proxy.geo_database, which is looked at again
// every few seconds while somebody wants to know. Without one nothing is known, and note() says why. Control
// process, on its loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lb/control/geo_database.h"
#include "lb/control/talker.h"
#include "proto/units.h"

namespace finishline::control {

class Countries {
 public:
  static constexpr Nanos kLook = std::chrono::seconds(5);

  /// "": there is none.
  explicit Countries(std::string file) : file_(std::move(file)) {}
  void change_to(const std::string& file);

  /// Reads the file where it is another one than before. One that cannot be used leaves the one before it in
  /// force, and is told to the log once.
  void look(Instant now);

  bool known() const { return database_.has_value(); }
  /// "" where nothing is known.
  std::string country_of(const net::Address& address) const;
  /// Which database it is; or why there are no countries, and what to do about it. A sentence.
  std::string note() const;

 private:
  /// By which it is seen that a file is another one.
  struct Stamp {
    std::int64_t changed_ns = 0, bytes = 0;
    std::uint64_t inode = 0;  // 0: there is no such file
    bool operator==(const Stamp&) const = default;
  };
  static Stamp stamp_of(const std::string& file);
  void read();

  std::string file_;
  std::optional<GeoDatabase> database_;
  std::string problem_;  // of the file as it was read last; "": none
  std::optional<Stamp> stamp_;
  std::optional<Instant> looked_at_;
};

/// What comes from each country, the most requests first; those of no known one together, with country "".
std::vector<Talker> by_country(const std::vector<Talker>& networks, std::size_t most);

}  // namespace finishline::control
