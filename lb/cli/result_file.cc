#include "lb/cli/result_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace finishline::cli {

std::string for_terminal(std::string_view text) {
  constexpr std::size_t kMostShown = 200;
  std::string all;
  for (const char c : text.substr(0, kMostShown)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= ' ' && byte != 0x7f) || c == '\n') {
      all += c;
      continue;
    }
    std::array<char, 8> escape{};
    std::snprintf(escape.data(), escape.size(), "\\x%02x", byte);
    all += escape.data();
  }
  return text.size() > kMostShown ? all + "..." : all;
}

std::string write_output(const std::string& file, const std::string& text) {
  const std::string cannot = "cannot write '" + file + "': ";
  std::FILE* const out = std::fopen(file.c_str(), "we");
  if (out == nullptr) return cannot + std::strerror(errno);
  const bool written = std::fwrite(text.data(), 1, text.size(), out) == text.size();
  const int error = errno;
  if (std::fclose(out) == 0 && written) return "";
  return cannot + std::strerror(written ? errno : error);
}

}  // namespace finishline::cli
