// What `finishline top` shows: lines of styled text made of what GET /api/v1/live gave. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace finishline::cli {

enum class TopStyle : std::uint8_t { plain, strong, quiet, head, bar, good, warning, bad, chosen };

struct TopSpan {
  std::string text;  // UTF-8, each character one column wide
  TopStyle style = TopStyle::plain;
};
using TopLine = std::vector<TopSpan>;

/// In the order in which the key goes through them.
enum class TopOrder : std::uint8_t { name, state, finish, rate, errors, p99, busy };
std::string_view name_of(TopOrder order);

/// What the user has chosen.
struct TopChoice {
  TopOrder order = TopOrder::name;
  bool reversed = false;
  std::string filter{};  // words that all must stand in a server's name, type, pool or state
  std::string server{};  // the chosen one; "": none
  std::size_t width = 80, height = 24;
  bool blocks = true;  // bars of block characters, else of #
};

/// At most `height` - 1 lines, each at most `width` columns; the last one of the screen is the caller's. The
/// chosen server is among those shown.
std::vector<TopLine> top_lines(const nlohmann::ordered_json& live, const TopChoice& choice);
/// Names of the servers that the filter leaves, in order.
std::vector<std::string> servers_in_order(const nlohmann::ordered_json& live, const TopChoice& choice);
/// For who is no terminal: a line for the proxy, one for each server, one for each open alert.
std::string plain_top(const nlohmann::ordered_json& live);

std::string text_of(const TopLine& line);

}  // namespace finishline::cli
