// The text of a CSV file with the columns time,value, as commands read it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace finishline::cli {

/// The text, or why it cannot be read.
struct SeriesText {
  std::string text, problem;
};

/// `or_else`: what may be given in the place of a file, behind a comma; "": nothing.
SeriesText series_text_of(const std::string& file, std::string_view or_else = {});

/// "5 min", "1 h", "90 s": in the largest unit of which it is whole ones.
std::string step_text(std::int64_t seconds);

}  // namespace finishline::cli
