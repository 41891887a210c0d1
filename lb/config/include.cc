#include "lb/config/include.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>
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

  void add(const Node& node) {
    const auto* const list = std::get_if<Array>(&node.value);
    if (list == nullptr) return add_pattern(node);
    for (const Node& item : *list) add_pattern(item);
  }
  std::vector<Problem> take_problems() { return std::move(problems_); }

 private:
  void report(TextPosition place, std::string message, std::string remedy) {
    problems_.push_back(
        {place.line, place.column, std::string(kInclude), std::move(message), std::move(remedy)});
  }

  void add_pattern(const Node& node) {
    const auto* const text = std::get_if<std::string>(&node.value);
    if (text == nullptr || text->empty())
      return report(node.place, "expected a file, a folder or a pattern in quotes, found " + describe(node),
                    kRemedy);
    const auto pattern = expand(*text, process_environment());
    if (pattern.index() == 1) return report(node.place, std::get<1>(pattern), kRemedy);
    for (const std::string& file : files_of(file_in(folder_, std::get<0>(pattern))))
      if (!add_file(file, node.place)) return;
  }

  /// False: there are too many of them.
  bool add_file(const std::string& file, TextPosition place) {
    if (++count_ > kMostIncludes)
      return report(place, "more than " + std::to_string(kMostIncludes) + " files", "name fewer"), false;
    const auto text = read_text(file);
    if (const auto* problem = std::get_if<Problem>(&text))
      return report(place, file + " " + problem->message, "name a file that is there, or a pattern"), true;
    append_part(whole_, file, std::get<std::string>(text));
    if (whole_.size() > kLongestText)
      return report(place, file + " makes it too long", "name fewer files"), false;
    return true;
  }

  std::string& whole_;
  std::string folder_;
  std::vector<Problem> problems_;
  std::size_t count_ = 0;
};

/// The reasons, and what is wrong in the text of those that could be read.
std::vector<Problem> with_mistakes_of(const std::string& whole, std::vector<Problem> problems) {
  auto parsed = parse_document(whole);
  auto* const mistakes = std::get_if<std::vector<Problem>>(&parsed);
  if (mistakes == nullptr) return problems;
  for (Problem& mistake : *mistakes) locate(mistake, whole);
  std::ranges::move(*mistakes, std::back_inserter(problems));
  return problems;
}

}  // namespace

std::variant<std::string, std::vector<Problem>> read_files(const std::string& file) {
  auto read = read_text(file);
  if (auto* const problem = std::get_if<Problem>(&read)) return std::vector{std::move(*problem)};
  std::string whole = std::get<std::string>(std::move(read));
  const auto include = include_in(whole);
  if (!include) return whole;
  Inclusion inclusion(whole, folder_of(whole, file));
  inclusion.add(*include);
  if (auto problems = inclusion.take_problems(); !problems.empty())
    return with_mistakes_of(whole, std::move(problems));
  return whole;
}

}  // namespace finishline::config
