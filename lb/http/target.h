// The target of a request, taken apart: "/video/5?deadline=2s". Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace finishline::http {

struct RequestTarget {
  std::vector<std::string> parts;                            // of the path, decoded: "video", "5"
  std::vector<std::pair<std::string, std::string>> query{};  // decoded, in their order

  /// nullptr when there is none; of several the first.
  const std::string* parameter(std::string_view name) const;
};

/// "/path?query" or "http://host/path?query". Nothing when it is neither, or is encoded wrongly.
std::optional<RequestTarget> parse_target(std::string_view text);

}  // namespace finishline::http
