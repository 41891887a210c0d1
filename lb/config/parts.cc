#include "lb/config/parts.h"

#include <algorithm>
#include <tuple>

namespace finishline::config {
namespace {

constexpr std::string_view kIncludeLine = "#finishline include: ";

/// The part that this line of the whole text stands in.
TextPart part_with(std::string_view whole, std::uint32_t line) {
  TextPart found;
  for (const TextPart& part : parts_of(whole))
    if (part.lines_before < line) found = part;
  return found;
}

}  // namespace

std::vector<TextPart> parts_of(std::string_view whole) {
  std::vector<TextPart> parts = {{"", whole, 0}};
  std::uint32_t lines = 0;
  for (std::size_t at = 0; at < whole.size();) {
    const std::size_t end = std::min(whole.find('\n', at), whole.size());
    const std::string_view line = whole.substr(at, end - at);
    const std::size_t next = std::min(end + 1, whole.size());
    ++lines;
    if (line.starts_with(kIncludeLine)) {
      TextPart& before = parts.back();
      const auto begin = static_cast<std::size_t>(before.text.data() - whole.data());
      before.text = whole.substr(begin, at - begin);
      parts.push_back({line.substr(kIncludeLine.size()), whole.substr(next), lines});
    }
    at = next;
  }
  return parts;
}

void append_part(std::string& whole, std::string_view file, std::string_view text) {
  if (!whole.empty() && !whole.ends_with('\n')) whole += '\n';
  whole.append(kIncludeLine).append(file).append("\n").append(text);
}

std::string line_text(std::string_view whole, std::uint32_t line) {
  const TextPart part = part_with(whole, line);
  const std::string text = "line " + std::to_string(line - part.lines_before);
  return part.file.empty() ? text : text + " of " + std::string(part.file);
}

void locate(Problem& problem, std::string_view whole) {
  if (problem.line == 0 || !problem.file.empty()) return;
  const TextPart part = part_with(whole, problem.line);
  problem.line -= part.lines_before;
  problem.file = part.file;
}

void sort_by_place(std::vector<Problem>& problems, std::string_view whole) {
  const std::vector<TextPart> parts = parts_of(whole);
  const auto place_of = [&](const Problem& problem) {
    const auto file = std::ranges::find(parts, std::string_view(problem.file), &TextPart::file);
    return std::tuple(problem.line == 0, file - parts.begin(), problem.line, problem.column);
  };
  std::ranges::stable_sort(problems, {}, place_of);
}

}  // namespace finishline::config
