#include "lb/model/token_trace.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "proto/quantity.h"

namespace finishline::model {
namespace {

constexpr std::string_view kHeader = "TIMESTAMP,ContextTokens,GeneratedTokens";

struct TokenRow {
  Nanos at{};  // since 1970
  std::uint32_t context = 0, generated = 0;
};

std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// A whole number in [least, most].
std::optional<std::uint32_t> whole(std::string_view text, double least, double most) {
  const auto number = parse_number(text);
  if (!number || *number < least || *number > most || *number != std::floor(*number)) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

/// "2023-11-16 18:17:03.9799600"
std::optional<Nanos> parse_time(std::string_view text) {
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' || text[10] != ' ' || text[13] != ':' ||
      text[16] != ':')
    return std::nullopt;
  const auto year = whole(text.substr(0, 4), 1970, 2200), month = whole(text.substr(5, 2), 1, 12),
             day = whole(text.substr(8, 2), 1, 31), hour = whole(text.substr(11, 2), 0, 23),
             minute = whole(text.substr(14, 2), 0, 59);
  const auto second = parse_number(text.substr(17));
  if (!year || !month || !day || !hour || !minute || !second || *second < 0 || *second >= 61)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + Nanos{std::llround(*second * 1e9)};
}

std::variant<TokenRow, std::string> parse_row(std::string_view line) {
  const std::size_t first = line.find(','), second = line.find(',', std::min(first, line.size() - 1) + 1);
  if (first == std::string_view::npos || second == std::string_view::npos)
    return std::string("the line has too few columns");
  const std::string_view time = line.substr(0, first);
  const auto at = parse_time(time);
  if (!at) return "'" + std::string(time) + "' is not a time, as in 2023-11-16 18:17:03.97";
  constexpr double kMost = std::numeric_limits<std::uint32_t>::max();
  const auto context = whole(line.substr(first + 1, second - first - 1), 0, kMost);
  const auto generated = whole(line.substr(second + 1), 0, kMost);
  if (!context || !generated) return std::string("tokens are whole numbers from 0 to 4294967295");
  return TokenRow{*at, *context, *generated};
}

/// For each type but the last the longest context that is of it.
std::vector<std::uint32_t> limits_of(const std::vector<TokenRow>& rows, std::size_t types) {
  std::vector<std::uint32_t> contexts;
  for (const TokenRow& row : rows) contexts.push_back(row.context);
  std::ranges::sort(contexts);
  std::vector<std::uint32_t> limits;
  for (std::size_t type = 1; type < types && !contexts.empty(); ++type) {
    const std::size_t share = std::max<std::size_t>(type * contexts.size() / types, 1);
    limits.push_back(contexts[share - 1]);
  }
  return limits;
}

}  // namespace

bool is_token_trace(std::string_view text) { return next_line(text) == kHeader; }

std::variant<std::vector<TraceRow>, std::string> parse_token_trace(std::string_view text,
                                                                   std::span<const std::string> types) {
  if (next_line(text) != kHeader) return "line 1: the columns are not " + std::string(kHeader);
  std::vector<TokenRow> rows;
  for (std::size_t number = 2; !text.empty(); ++number) {
    const std::string_view line = next_line(text);
    if (line.empty()) continue;
    auto row = parse_row(line);
    if (const auto* problem = std::get_if<std::string>(&row))
      return "line " + std::to_string(number) + ": " + *problem;
    rows.push_back(std::get<TokenRow>(row));
  }
  std::ranges::stable_sort(rows, {}, &TokenRow::at);
  const std::vector<std::uint32_t> limits = limits_of(rows, types.size());
  std::vector<TraceRow> trace;
  for (const TokenRow& row : rows) {
    const auto type = std::ranges::lower_bound(limits, row.context) - limits.begin();
    trace.push_back({.at = row.at - rows.front().at,
                     .type = types[static_cast<std::size_t>(type)],
                     .length = row.generated});
  }
  return trace;
}

}  // namespace finishline::model
