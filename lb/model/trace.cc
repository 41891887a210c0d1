#include "lb/model/trace.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "proto/quantity.h"

namespace finishline::model {
namespace {

constexpr double kLatestSeconds = 9e9;

/// Where the columns stand.
struct Columns {
  std::size_t time = 0, type = 1, length = 2;
  std::optional<std::size_t> service{}, server{}, status{};
};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t comma = std::min(line.find(',', at), line.size());
    fields.push_back(trimmed(line.substr(at, comma - at)));
    at = comma + 1;
  }
  return fields;
}

/// A first line that does not begin with a number names the columns.
bool names_columns(const std::vector<std::string_view>& fields) { return !parse_number(fields[0]); }

std::optional<std::size_t> place_of(const std::vector<std::string_view>& fields, std::string_view name) {
  const auto at = std::find(fields.begin(), fields.end(), name);
  if (at == fields.end()) return std::nullopt;
  return static_cast<std::size_t>(at - fields.begin());
}

std::variant<Columns, std::string> parse_header(const std::vector<std::string_view>& fields) {
  Columns columns;
  for (const auto& [name, place] : {std::pair{std::string_view("time_s"), &columns.time},
                                    std::pair{std::string_view("type"), &columns.type},
                                    std::pair{std::string_view("length"), &columns.length}}) {
    const auto at = place_of(fields, name);
    if (!at) return "no column is named " + std::string(name);
    *place = *at;
  }
  columns.service = place_of(fields, "service_s");
  columns.server = place_of(fields, "server");
  columns.status = place_of(fields, "status");
  return columns;
}

/// What the proxy adds; a row without it is a row all the same.
void read_more(const std::vector<std::string_view>& fields, const Columns& columns, TraceRow& row) {
  if (columns.server && *columns.server < fields.size()) row.server = fields[*columns.server];
  if (!columns.service || *columns.service >= fields.size()) return;
  const bool failed = columns.status && *columns.status < fields.size() && fields[*columns.status] != "ok";
  if (failed) return;
  const auto seconds = parse_number(fields[*columns.service]);
  if (seconds && *seconds > 0 && *seconds < kLatestSeconds) row.service = Nanos{std::llround(*seconds * 1e9)};
}

std::variant<TraceRow, std::string> parse_row(const std::vector<std::string_view>& fields,
                                              const Columns& columns) {
  if (fields.size() <= std::max({columns.time, columns.type, columns.length}))
    return std::string("the line has too few columns");
  const auto seconds = parse_number(fields[columns.time]);
  if (!seconds || *seconds < 0 || *seconds > kLatestSeconds)
    return "'" + std::string(fields[columns.time]) + "' is not a time in seconds";
  const auto length = parse_number(fields[columns.length]);
  if (!length || *length < 0 || *length > std::numeric_limits<std::uint32_t>::max() ||
      *length != std::floor(*length))
    return "'" + std::string(fields[columns.length]) + "' is not a length from 0 to 4294967295";
  if (fields[columns.type].empty()) return std::string("the type is empty");
  TraceRow row{.at = Nanos{std::llround(*seconds * 1e9)},
               .type = std::string(fields[columns.type]),
               .length = static_cast<std::uint32_t>(*length)};
  read_more(fields, columns, row);
  return row;
}

/// What the lines before have told.
struct TraceReading {
  Columns columns;
  bool begun = false;
  std::vector<TraceRow> rows;
};

/// Takes one line that is neither empty nor a comment; returns what is wrong with it, or "".
std::string read_line(std::string_view line, TraceReading& reading) {
  const auto fields = fields_of(line);
  if (!std::exchange(reading.begun, true) && names_columns(fields)) {
    auto header = parse_header(fields);
    if (auto* problem = std::get_if<std::string>(&header)) return std::move(*problem);
    reading.columns = std::get<Columns>(header);
    return {};
  }
  auto row = parse_row(fields, reading.columns);
  if (auto* problem = std::get_if<std::string>(&row)) return std::move(*problem);
  reading.rows.push_back(std::move(std::get<TraceRow>(row)));
  return {};
}

}  // namespace

std::variant<std::vector<TraceRow>, std::string> parse_trace(std::string_view text) {
  TraceReading reading;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const std::string problem = read_line(line, reading);
    if (!problem.empty()) return "line " + std::to_string(number) + ": " + problem;
  }
  std::stable_sort(reading.rows.begin(), reading.rows.end(),
                   [](const TraceRow& a, const TraceRow& b) { return a.at < b.at; });
  return std::move(reading.rows);
}

void append_trace_row(std::string& out, Nanos at, std::string_view type, std::uint32_t length) {
  append_seconds(out, at);
  out.append(",").append(type).append(",").append(std::to_string(length)).append("\n");
}

void append_seconds(std::string& out, Nanos at) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), at.count() / 1000000000).ptr;
  out.append(digits.begin(), end).append(".");
  auto rest = at.count() % 1000000000;
  for (std::size_t i = 9; i-- > 0; rest /= 10) digits[i] = static_cast<char>('0' + rest % 10);
  out.append(digits.begin(), digits.begin() + 9);
}

}  // namespace finishline::model
