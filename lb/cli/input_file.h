// Files that commands are given: read whole, and never without an end. Any command's process.
#pragma once

#include <string>
#include <string_view>

namespace finishline::cli {

inline constexpr std::size_t kLargestInput = 64U << 20;  // bytes

/// The text, or why it cannot be had, with the file's name.
struct InputText {
  std::string text{}, problem{};
};
/// "-" is standard input where the caller says so. `what` it should be, as "a trace".
InputText read_input(const std::string& file, std::string_view what, bool dash_is_input = false);

/// Of what a file says, for a terminal: control characters as \xNN, and no more than 200 bytes.
std::string for_terminal(std::string_view text);

/// Writes a picture, or another result. Why that cannot be done, with the file's name; "" when it is.
std::string write_output(const std::string& file, const std::string& text);

}  // namespace finishline::cli
