#include "lb/control/series_file.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

#include "proto/nearest.h"
#include "proto/quantity.h"

namespace finishline::control {
namespace {

constexpr double kLatestTime = 32503680000;  // the year 3000
constexpr std::array<std::string_view, 2> kSeriesColumns{"time", "value"};

std::string_view stripped(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\"");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\"") - first + 1);
}

std::vector<std::string_view> series_cells(std::string_view line) {
  std::vector<std::string_view> cells;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t comma = std::min(line.find(',', at), line.size());
    cells.push_back(stripped(line.substr(at, comma - at)));
    at = comma + 1;
  }
  return cells;
}

/// Takes so many digits from the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = 10 * number + (c - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, std::string_view any) {
  if (text.empty() || any.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<double> take_date(std::string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count()) * 86400;
}

/// "14:30", "14:30:05", "14:30:05.25".
std::optional<double> take_time_of_day(std::string_view& text) {
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  double seconds = 3600.0 * *hour + 60.0 * *minute;
  if (!take(text, ":")) return seconds;
  const std::size_t end = std::min(text.find_first_of("Zz+-"), text.size());
  const auto second = parse_number(text.substr(0, end));
  if (!second || *second < 0 || *second >= 61) return std::nullopt;
  text.remove_prefix(end);
  return seconds + *second;
}

/// "Z", "+01:00", "-0530" or nothing.
std::optional<double> take_offset(std::string_view& text) {
  if (text.empty() || take(text, "Zz")) return 0;
  const double sign = text.front() == '-' ? -1 : 1;
  if (!take(text, "+-")) return std::nullopt;
  const auto hours = take_number(text, 2);
  take(text, ":");
  const auto minutes = text.empty() ? std::optional(0) : take_number(text, 2);
  if (!hours || !minutes || *hours > 14 || *minutes > 59) return std::nullopt;
  return sign * (3600.0 * *hours + 60.0 * *minutes);
}

/// Where the two columns stand.
struct Places {
  std::size_t time = 0, value = 1;
};

std::string refuse_column(std::string_view name) {
  const std::string_view meant = nearest(name, kSeriesColumns);
  return "column '" + std::string(name) + "' is not known" +
         (meant.empty() ? ": time and value are, and no other; cut it out"
                        : ", did you mean " + std::string(meant) + "?");
}

std::variant<Places, std::string> read_series_header(const std::vector<std::string_view>& cells) {
  if (parse_time(cells.front())) return "the header is missing: begin with a line 'time,value'";
  for (const std::string_view cell : cells) {
    if (std::ranges::find(kSeriesColumns, cell) == kSeriesColumns.end()) return refuse_column(cell);
    if (std::ranges::count(cells, cell) > 1) return "column '" + std::string(cell) + "' stands twice";
  }
  if (cells.size() < 2)
    return "column '" + std::string(cells.front() == "time" ? "value" : "time") + "' is missing";
  return cells.front() == "time" ? Places{0, 1} : Places{1, 0};
}

bool says_nothing(std::string_view text) {
  return text.empty() || text == "nan" || text == "NaN" || text == "NA" || text == "null";
}

/// A row without a value is nothing, and no problem.
std::variant<std::optional<forecast::LoadSample>, std::string> read_sample(
    const std::vector<std::string_view>& cells, const Places& places) {
  if (cells.size() != 2)
    return "the line has " + std::to_string(cells.size()) + " columns, where time and value are 2";
  const auto time = parse_time(cells[places.time]);
  if (!time)
    return "column time: '" + std::string(cells[places.time]) +
           "' is not a time, as in 2026-11-02T14:30:00Z or 1793629800";
  if (says_nothing(cells[places.value])) return std::nullopt;
  const auto value = parse_number(cells[places.value]);
  if (!value)
    return "column value: '" + std::string(cells[places.value]) +
           "' is not a number; leave it empty where none was measured";
  return forecast::LoadSample{*time, *value};
}

/// What the lines before have told.
struct SeriesReading {
  std::optional<Places> places;
  std::vector<forecast::LoadSample> samples;
};

/// Takes one line; returns what is wrong with it, or "".
std::string take_series_line(std::string_view line, SeriesReading& reading) {
  const auto cells = series_cells(line);
  if (!reading.places) {
    const auto places = read_series_header(cells);
    if (const auto* problem = std::get_if<std::string>(&places)) return *problem;
    reading.places = std::get<Places>(places);
    return {};
  }
  const auto row = read_sample(cells, *reading.places);
  if (const auto* problem = std::get_if<std::string>(&row)) return *problem;
  if (const auto& sample = std::get<std::optional<forecast::LoadSample>>(row))
    reading.samples.push_back(*sample);
  return {};
}

}  // namespace

std::optional<double> parse_time(std::string_view text) {
  if (const auto number = parse_number(text)) {
    if (*number < 0 || *number > kLatestTime) return std::nullopt;
    return *number;
  }
  const auto date = take_date(text);
  if (!date || text.empty()) return date;
  if (!take(text, "Tt ")) return std::nullopt;
  const auto time = take_time_of_day(text);
  if (!time) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return *date + *time - *offset;
}

std::string time_text(std::int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const auto rest = (time - day).count();
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(rest / 3600), static_cast<int>(rest / 60 % 60), static_cast<int>(rest % 60));
  return text.data();
}

std::variant<std::vector<forecast::LoadSample>, std::string> parse_series(std::string_view text) {
  SeriesReading reading;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = stripped(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const std::string problem = take_series_line(line, reading);
    if (!problem.empty()) return "line " + std::to_string(number) + ": " + problem;
  }
  if (!reading.places) return "it is empty: a line 'time,value' and rows below it are needed";
  if (reading.samples.empty()) return "it has no row with a value";
  return std::move(reading.samples);
}

}  // namespace finishline::control
