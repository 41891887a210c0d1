// The text of a CSV file with the columns time,value, as commands read it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/control/series_file.h"

namespace finishline::cli {

/// The text, or why it cannot be read.
struct SeriesText {
  std::string text, problem;
};

/// `or_else`: what may be given in the place of a file, behind a comma; "": nothing.
SeriesText series_text_of(const std::string& file, std::string_view or_else = {});

/// Its values; or why there are none, with the name of the file, fit for a terminal.
using SeriesSamples = std::variant<std::vector<forecast::LoadSample>, std::string>;
SeriesSamples samples_in(const std::string& file, std::string_view or_else = {});
/// The same of a text that stands under this name.
SeriesSamples samples_of(std::string_view text, const std::string& name);

/// "5 min", "1 h", "90 s": in the largest unit of which it is whole ones.
std::string step_text(std::int64_t seconds);

}  // namespace finishline::cli
