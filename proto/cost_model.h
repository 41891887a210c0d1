// The agreed cost model: how long a server of one type works on a request of another.
// Ground floor: pure values, any program. The proxy predicts with it, a reference server obeys it,
// the client computes lower bounds from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/units.h"

namespace finishline {

/// Index of a request type in CostModel::request_types(); not the letter on the wire.
using RequestType = std::uint8_t;
/// Index of a server type in CostModel::server_types().
using ServerType = std::uint8_t;

/// The longest service time that is ever computed (about 104 days): keeps sums far from overflow.
inline constexpr Nanos kMaxServiceTime{std::int64_t{1} << 53};

struct RequestTypeSpec {
  std::string name;  // "video"
  char code;         // 'V', the letter on the wire
  bool operator==(const RequestTypeSpec&) const = default;
};

class CostModel {
 public:
  static constexpr std::size_t kMaxTypes = 64;

  CostModel() = default;
  explicit CostModel(Nanos unit) : unit_(unit) {}

  /// The seed matrix of the project: video servers take video and picture at 1 and music at 2, music
  /// servers take music at 1, picture at 2 and video at 3; codes V, P, M.
  static CostModel seed(Nanos unit);

  /// Both return the index of the new type; at most kMaxTypes of each; names and codes must be new.
  RequestType add_request_type(std::string name, char code);
  ServerType add_server_type(std::string name);
  /// factor > 0: "this server type needs factor times as long". Unset entries mean "cannot".
  void set_factor(ServerType server, RequestType request, double factor);

  Nanos unit() const { return unit_; }
  void set_unit(Nanos unit) { unit_ = unit; }
  const std::vector<RequestTypeSpec>& request_types() const { return request_types_; }
  const std::vector<std::string>& server_types() const { return server_types_; }

  /// By letter in O(1); nullopt for a letter that no type has.
  std::optional<RequestType> request_type_of(char code) const;
  std::optional<ServerType> server_type_named(std::string_view name) const;

  /// Nothing when a server of this type cannot do this request type.
  std::optional<double> factor(ServerType server, RequestType request) const;

  /// Nanoseconds of work per unit of length, factor x unit / speed; infinity when it cannot.
  double nanos_per_unit(ServerType server, RequestType request, double speed) const;

  bool operator==(const CostModel&) const = default;

 private:
  Nanos unit_{1000000};
  std::vector<RequestTypeSpec> request_types_;
  std::vector<std::string> server_types_;
  std::vector<double> factors_;  // [server * kMaxTypes + request], 0 = cannot
  std::vector<std::int16_t> by_code_ = std::vector<std::int16_t>(256, -1);
};

/// length x nanos_per_unit to the nearest nanosecond, held to kMaxServiceTime. nanos_per_unit must be
/// finite and >= 0. Inline, because a decision computes it once per server.
inline Nanos service_time(std::uint32_t length, double nanos_per_unit) {
  const double nanos = static_cast<double>(length) * nanos_per_unit;
  constexpr auto kMost = static_cast<double>(kMaxServiceTime.count());
  return Nanos(static_cast<std::int64_t>((nanos < kMost ? nanos : kMost) + 0.5));
}

/// One server as clients, the simulator and the lower bound see it.
struct ServerSpec {
  std::uint32_t number = 0;  // its row in the ledger; what a reply's `server` field names
  std::string name;
  ServerType type = 0;
  double speed = 1.0;       // > 0; 2 works twice as fast
  std::uint32_t slots = 1;  // requests it works on at once
};

}  // namespace finishline
