#include "lb/http/framing.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace finishline::http {
namespace {

bool same_letters(std::string_view a, std::string_view lower) {
  return std::ranges::equal(a, lower,
                            [](char x, char y) { return std::tolower(static_cast<unsigned char>(x)) == y; });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// One header line.
void take(std::string_view name, std::string_view value, std::size_t most_body, Framing& framing) {
  if (same_letters(name, "transfer-encoding")) framing.refusal = 411;
  if (same_letters(name, "expect") && same_letters(value, "100-continue")) framing.expects = true;
  if (!same_letters(name, "content-length") || framing.refusal != 0) return;
  std::size_t length = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), length);
  const bool number = read.ptr == value.data() + value.size() && !value.empty();
  if (!number || (framing.body != 0 && framing.body != length))
    framing.refusal = 400;
  else if (read.ec != std::errc{} || length > most_body)
    framing.refusal = 413;
  else
    framing.body = length;
}

}  // namespace

std::optional<Framing> framing_of(std::string_view bytes, std::size_t most_body) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  Framing framing{.head = end + 4};
  std::string_view lines = bytes.substr(0, end + 2);
  for (std::size_t at = lines.find("\r\n"); at + 2 < lines.size();) {
    lines.remove_prefix(at + 2);
    at = lines.find("\r\n");
    const std::string_view line = lines.substr(0, at);
    if (const std::size_t colon = line.find(':'); colon != std::string_view::npos)
      take(line.substr(0, colon), trimmed(line.substr(colon + 1)), most_body, framing);
  }
  if (framing.refusal != 0) framing.body = 0;
  return framing;
}

}  // namespace finishline::http
