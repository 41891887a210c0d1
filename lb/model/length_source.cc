#include "lb/model/length_source.h"

#include <algorithm>
#include <cctype>

namespace finishline::model {
namespace {

/// What RFC 9110 calls a token.
bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](unsigned char c) {
    return (c < 0x80 && std::isalnum(c) != 0) || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

}  // namespace

std::optional<LengthSource> parse_length_source(std::string_view text) {
  using Kind = LengthSource::Kind;
  constexpr std::string_view kHeader = "header:";
  if (text == "query") return LengthSource{Kind::query};
  if (text == "path") return LengthSource{Kind::path};
  if (text == "body") return LengthSource{Kind::body};
  if (!text.starts_with(kHeader) || !is_token(text.substr(kHeader.size()))) return std::nullopt;
  return LengthSource{Kind::header, std::string(text.substr(kHeader.size()))};
}

}  // namespace finishline::model
