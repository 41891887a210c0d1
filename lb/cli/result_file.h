// What commands make of what they were given: words for a terminal, files. Any command's process.
#pragma once

#include <string>
#include <string_view>

namespace finishline::cli {

/// Of what a file says, for a terminal: control characters as \xNN, and no more than 200 bytes.
std::string for_terminal(std::string_view text);

/// Writes a picture, or another result. Why that cannot be done, with the file's name; "" when it is.
std::string write_output(const std::string& file, const std::string& text);

}  // namespace finishline::cli
