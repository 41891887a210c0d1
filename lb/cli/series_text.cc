#include "lb/cli/series_text.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "lb/cli/result_file.h"
#include "lb/model/input_file.h"

namespace finishline::cli {

SeriesText series_text_of(const std::string& file, std::string_view or_else) {
  const std::string name = "'" + file + "'";
  std::error_code error;
  if (!std::filesystem::exists(file, error))
    return {
        {},
        "no file is named " + name + ": give a CSV file with the columns time,value" + std::string(or_else)};
  if (std::filesystem::is_directory(file, error))
    return {{}, name + " is a directory: name a CSV file in it"};
  model::InputText read = model::read_input(file, "a series");
  return {std::move(read.text), std::move(read.problem)};
}

SeriesSamples samples_in(const std::string& file, std::string_view or_else) {
  SeriesText read = series_text_of(file, or_else);
  if (!read.problem.empty()) return std::move(read.problem);
  return samples_of(read.text, file);
}

SeriesSamples samples_of(std::string_view text, const std::string& name) {
  SeriesSamples parsed = control::parse_series(text);
  if (auto* const problem = std::get_if<std::string>(&parsed))
    *problem = name + ": " + for_terminal(*problem);
  return parsed;
}

std::string step_text(std::int64_t seconds) {
  constexpr std::array<std::pair<std::int64_t, const char*>, 3> kUnits{
      {{86400, " d"}, {3600, " h"}, {60, " min"}}};
  for (const auto& [unit, name] : kUnits)
    if (seconds % unit == 0) return std::to_string(seconds / unit) + name;
  return std::to_string(seconds) + " s";
}

}  // namespace finishline::cli
