#include "lb/cli/series_text.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace finishline::cli {

SeriesText series_text_of(const std::string& file, std::string_view or_else) {
  constexpr std::uintmax_t kLargest = 1 << 30;  // bytes
  const std::string name = "'" + file + "'";
  std::error_code error;
  if (!std::filesystem::exists(file, error))
    return {
        {},
        "no file is named " + name + ": give a CSV file with the columns time,value" + std::string(or_else)};
  if (std::filesystem::is_directory(file, error))
    return {{}, name + " is a directory: name a CSV file in it"};
  const auto size = std::filesystem::file_size(file, error);
  if (!error && size > kLargest) return {{}, name + " is larger than 1GiB: cut it to what is recent"};
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) return {{}, "cannot read " + name};
  return {text.str(), {}};
}

std::string step_text(std::int64_t seconds) {
  constexpr std::array<std::pair<std::int64_t, const char*>, 3> kUnits{
      {{86400, " d"}, {3600, " h"}, {60, " min"}}};
  for (const auto& [unit, name] : kUnits)
    if (seconds % unit == 0) return std::to_string(seconds / unit) + name;
  return std::to_string(seconds) + " s";
}

}  // namespace finishline::cli
