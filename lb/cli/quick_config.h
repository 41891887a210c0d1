// A configuration out of two flags: where clients connect, and where the servers are. What `finishline run
// --listen --to` runs by, and what `finishline init` writes. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace finishline::cli {

inline constexpr std::string_view kQuickAdmin = "127.0.0.1:9900";

struct QuickConfig {
  std::string text;     // TOML, with comments; what stands in it is checked as any file
  std::string problem;  // why there is none, with the remedy; "" when there is one
};

/// `to`: "TYPE=HOST:PORT" for servers of a type, which are sent length-tagged requests; or "HOST:PORT" for
/// servers of streams, which are given connections. Not both. Types other than video, picture and music get
/// costs to begin with, which the proxy learns better.
QuickConfig quick_config(std::string_view listen, const std::vector<std::string>& to,
                         std::string_view admin = kQuickAdmin);

/// The flag that said what stands in this line of its text, counted from 1: "--to".
std::string_view quick_flag_at(std::string_view text, std::size_t line);

}  // namespace finishline::cli
