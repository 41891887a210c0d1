// A configuration that stands in several files, as one text: whoever is handed that (source.h) has them all.
// The first file comes first; before each that it includes stands a line that TOML takes for a comment,
//   #finishline include: conf.d/media.toml
// Lines are counted through the whole text until a message is made of them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lb/config/config.h"

namespace finishline::config {

/// What one file says. Borrows from the whole text.
struct TextPart {
  std::string_view file;  // "": the first one
  std::string_view text;
  std::uint32_t lines_before = 0;  // in the whole text
};
/// At least one.
std::vector<TextPart> parts_of(std::string_view whole);
void append_part(std::string& whole, std::string_view file, std::string_view text);

/// The whole text's line as a reader finds it: "line 5", "line 5 of conf.d/media.toml".
std::string line_text(std::string_view whole, std::uint32_t line);
/// Makes the whole text's line, where the problem has one, that of its file, which is named.
void locate(Problem& problem, std::string_view whole);
/// Those that have been located, file by file and line by line; the ones without a place come last.
void sort_by_place(std::vector<Problem>& problems, std::string_view whole);

}  // namespace finishline::config
