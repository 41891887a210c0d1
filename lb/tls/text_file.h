// The text of a file with certificates or keys, for programs that may read it themselves.
#pragma once

#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace finishline::tls {

/// Nothing when it cannot be read.
inline std::optional<std::string> read_text_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || in.bad()) return std::nullopt;
  return text;
}

}  // namespace finishline::tls
