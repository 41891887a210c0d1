#include "lb/model/input_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace finishline::model {
namespace {

using FilePointer = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

int leave_open(std::FILE*) { return 0; }

InputText refused_input(const std::string& name, const std::string& why) {
  return {.text = {}, .problem = "cannot read " + name + ": " + why};
}

}  // namespace

InputText read_input(const std::string& file, std::string_view what, bool dash_is_input) {
  const bool is_input = dash_is_input && file == "-";
  const std::string name = is_input ? "standard input" : "'" + file + "'";
  const FilePointer in =
      is_input ? FilePointer(stdin, &leave_open) : FilePointer(std::fopen(file.c_str(), "re"), &std::fclose);
  if (in == nullptr) return refused_input(name, std::strerror(errno));
  InputText read;
  std::array<char, 65536> block;
  while (const std::size_t n = std::fread(block.data(), 1, block.size(), in.get())) {
    read.text.append(block.data(), n);
    if (read.text.size() > kLargestInput)
      return refused_input(name, "it is longer than " + std::to_string(kLargestInput >> 20) +
                                     " MiB, the most that is read of " + std::string(what) +
                                     ": cut it to a part");
  }
  if (std::ferror(in.get()) != 0) return refused_input(name, std::strerror(errno));  // a directory opens, too
  return read;
}

}  // namespace finishline::model
