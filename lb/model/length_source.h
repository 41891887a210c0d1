// Where a request that came over HTTP says how much work it is. Pure; any process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace finishline::model {

struct LengthSource {
  enum class Kind : std::uint8_t {
    query,   // POST /video?length=5
    header,  // the header of this name
    path,    // POST /video/5
    body,    // by its size
  };
  Kind kind = Kind::query;
  std::string header{};
  bool operator==(const LengthSource&) const = default;
};

/// "query", "header:X-Length", "path" or "body"; nothing for any other text.
std::optional<LengthSource> parse_length_source(std::string_view text);

}  // namespace finishline::model
