#include "lb/http/target.h"

#include <algorithm>
#include <charconv>

namespace finishline::http {
namespace {

/// %41 is A. Nothing when two hexadecimal digits are missing.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(at + 1, 2);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || read.ptr != digits.data() + 2) return std::nullopt;
    out += static_cast<char>(value);
    at += 2;
  }
  return out;
}

/// Up to `mark`, which is taken, too; all of it where there is none.
std::string_view cut(std::string_view& text, char mark) {
  const std::size_t end = std::min(text.find(mark), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

bool take_path(std::string_view path, RequestTarget& target) {
  while (!path.empty()) {
    const std::string_view part = cut(path, '/');
    if (part.empty()) continue;
    auto plain = decoded(part);
    if (!plain) return false;
    target.parts.push_back(std::move(*plain));
  }
  return true;
}

bool take_query(std::string_view query, RequestTarget& target) {
  while (!query.empty()) {
    std::string_view value = cut(query, '&');
    auto name = decoded(cut(value, '='));
    auto plain = decoded(value);
    if (!name || !plain) return false;
    target.query.emplace_back(std::move(*name), std::move(*plain));
  }
  return true;
}

}  // namespace

const std::string* RequestTarget::parameter(std::string_view name) const {
  const auto found = std::ranges::find_if(query, [&](const auto& it) { return it.first == name; });
  return found == query.end() ? nullptr : &found->second;
}

std::optional<RequestTarget> parse_target(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    text.remove_prefix(scheme.size());
    text.remove_prefix(std::min(text.find('/'), text.size()));
    break;
  }
  if (!text.starts_with('/')) return std::nullopt;
  RequestTarget target;
  const std::string_view path = cut(text, '?');
  if (!take_path(path, target) || !take_query(text, target)) return std::nullopt;
  return target;
}

}  // namespace finishline::http
