#include "lb/http/head_fault.h"

#include <algorithm>
#include <cctype>
#include <span>

#include "lb/http/request_head.h"
#include "proto/looks_like.h"

namespace finishline::http {
namespace {

constexpr std::size_t kShown = 40;  // bytes of a line

std::string quoted(std::string_view text) {
  return '"' + proto::printable(std::as_bytes(std::span(text)), kShown) + '"';
}

/// Takes the first line off `rest`, without its end.
std::string_view next_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find("\r\n"), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 2, rest.size()));
  return line;
}

std::string fault_of_first(std::string_view line) {
  const bool three_words = std::ranges::count(line, ' ') == 2 && line.find("  ") == std::string_view::npos &&
                           !line.starts_with(' ') && !line.ends_with(' ');
  if (three_words) return "";
  return "the first line is " + quoted(line) + ": write METHOD TARGET HTTP/1.1 with one space between them";
}

std::string fault_of_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return "the header line " + quoted(line) + " has no colon";
  const std::string_view name = line.substr(0, colon);
  if (name.empty()) return "the header line " + quoted(line) + " has no name";
  if (name.find_first_of(" \t") != std::string_view::npos)
    return "the header line " + quoted(line) + " has a space before its colon";
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  const bool digits =
      !value.empty() && std::ranges::all_of(value, [](unsigned char c) { return std::isdigit(c) != 0; });
  if (same_word(name, "content-length") && !digits) return "Content-Length is no number: " + quoted(value);
  return "";
}

}  // namespace

std::string fault_of_head(std::string_view head) {
  std::string fault = fault_of_first(next_line(head));
  while (fault.empty() && !head.empty()) {
    const std::string_view line = next_line(head);
    if (line.empty()) break;
    fault = fault_of_field(line);
  }
  return fault.empty() ? "no HTTP/1.1 request" : fault;
}

}  // namespace finishline::http
