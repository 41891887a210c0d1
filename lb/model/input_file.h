// Files that programs are given: read whole, and never without an end. Any program's process.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace finishline::model {

inline constexpr std::size_t kLargestInput = 64U << 20;  // bytes

/// The text, or why it cannot be had, with the file's name.
struct InputText {
  std::string text{}, problem{};
};
/// "-" is standard input where the caller says so. `what` it should be, as "a trace".
InputText read_input(const std::string& file, std::string_view what, bool dash_is_input = false);

}  // namespace finishline::model
