#include "lb/cli/input_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace finishline::cli {
namespace {

using FilePointer = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

int leave_open(std::FILE*) { return 0; }

InputText refused_input(const std::string& file, const std::string& why) {
  return {.text = {}, .problem = "cannot read '" + file + "': " + why};
}

}  // namespace

InputText read_input(const std::string& file, std::string_view what, bool dash_is_input) {
  const FilePointer in = dash_is_input && file == "-"
                             ? FilePointer(stdin, &leave_open)
                             : FilePointer(std::fopen(file.c_str(), "re"), &std::fclose);
  if (in == nullptr) return refused_input(file, std::strerror(errno));
  InputText read;
  std::array<char, 65536> block;
  while (const std::size_t n = std::fread(block.data(), 1, block.size(), in.get())) {
    read.text.append(block.data(), n);
    if (read.text.size() > kLargestInput)
      return refused_input(file, "it is longer than " + std::to_string(kLargestInput >> 20) +
                                     " MiB, the most that is read of " + std::string(what) +
                                     ": cut it to a part");
  }
  if (std::ferror(in.get()) != 0) return refused_input(file, std::strerror(errno));  // a directory opens, too
  return read;
}

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
