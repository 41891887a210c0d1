#include "lb/config/include.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "lb/config/document.h"
#include "lb/config/environment.h"
#include "lb/config/folder.h"
#include "lb/config/parts.h"

namespace finishline::config {
namespace {

constexpr const char* kRemedy = "write for example include = \"conf.d/*.toml\"";

Problem problem_at(TextPosition place, std::string message, std::string remedy) {
  return {place.line, place.column, std::string(kInclude), std::move(message), std::move(remedy)};
}

bool is_folder(const std::string& name) {
  struct stat status {};
  return ::stat(name.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// Of a pattern those that there are, by name; a name without wildcards is taken at its word.
std::vector<std::string> files_of(std::string pattern) {
  if (is_folder(pattern)) pattern = file_in(pattern, "*.toml");
  if (pattern.find_first_of("*?[") == std::string::npos) return {pattern};
  std::vector<std::string> files;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  std::sort(files.begin(), files.end());
  return files;
}

/// Reads the files that one text of `include` stands for, behind what is there.
class Inclusion {
 public:
  Inclusion(std::string& whole, std::string folder) : whole_(whole), folder_(std::move(folder)) {}

  std::optional<Problem> add(const Node& node) {
    const auto* const list = std::get_if<Array>(&node.value);
    if (list == nullptr) return add_pattern(node);
    for (const Node& item : *list)
      if (auto problem = add_pattern(item)) return problem;
    return std::nullopt;
  }

 private:
  std::optional<Problem> add_pattern(const Node& node) {
    const auto* const text = std::get_if<std::string>(&node.value);
    if (text == nullptr || text->empty())
      return problem_at(node.place,
                        "expected a file, a folder or a pattern in quotes, found " + describe(node), kRemedy);
    const auto pattern = expand(*text, process_environment());
    if (pattern.index() == 1) return problem_at(node.place, std::get<1>(pattern), kRemedy);
    for (const std::string& file : files_of(file_in(folder_, std::get<0>(pattern))))
      if (auto problem = add_file(file, node.place)) return problem;
    return std::nullopt;
  }

  std::optional<Problem> add_file(const std::string& file, TextPosition place) {
    if (++count_ > kMostIncludes)
      return problem_at(place, "more than " + std::to_string(kMostIncludes) + " files", "name fewer");
    const auto text = read_text(file);
    if (const auto* problem = std::get_if<Problem>(&text))
      return problem_at(place, file + " " + problem->message, "name a file that is there, or a pattern");
    append_part(whole_, file, std::get<std::string>(text));
    if (whole_.size() > kLongestText)
      return problem_at(place, file + " makes it too long", "name fewer files");
    return std::nullopt;
  }

  std::string& whole_;
  std::string folder_;
  std::size_t count_ = 0;
};

}  // namespace

std::variant<std::string, Problem> read_files(const std::string& file) {
  auto read = read_text(file);
  auto* const text = std::get_if<std::string>(&read);
  const auto include = text == nullptr ? std::nullopt : include_in(*text);
  if (!include) return read;
  std::string whole = *text;
  if (auto problem = Inclusion(whole, folder_of(*text, file)).add(*include)) return std::move(*problem);
  return whole;
}

}  // namespace finishline::config
