// What keys and their values are called in messages, in the sample and in the manual.
#include <iterator>

#include "lb/config/key_table.h"

namespace finishline::config {
namespace {

std::string joined(const std::vector<std::string_view>& words) {
  std::string all;
  for (const std::string_view word : words) all += (all.empty() ? "" : ", ") + std::string(word);
  return all;
}

bool is_number(std::string_view text) { return text.find_first_not_of("0123456789.") == text.npos; }
bool may_be_auto(Type type) { return type == Type::auto_duration || type == Type::auto_integer; }

/// In the order of Type.
constexpr std::string_view kNouns[] = {"true or false",
                                       "an integer",
                                       "a size in bytes",
                                       "a number",
                                       "a duration",
                                       "a duration",
                                       "an integer",
                                       "a number",
                                       "one of",
                                       "a name in quotes",
                                       "a text in quotes",
                                       "a text in quotes",
                                       "an address \"HOST:PORT\"",
                                       "a rate",
                                       "a list of networks",
                                       "a list of IP addresses",
                                       "a list of durations",
                                       "a table of names and letters",
                                       "a list of texts in quotes",
                                       "a list of texts in quotes",
                                       "a table of server names and pools",
                                       "a table of networks and numbers"};
static_assert(std::size(kNouns) == static_cast<std::size_t>(Type::weights) + 1);

std::string_view noun_of(Type type) { return kNouns[static_cast<std::size_t>(type)]; }

}  // namespace

std::string expectation(const Key& key) {
  std::string text(noun_of(key.type));
  if (key.type == Type::choice) return text + ' ' + joined(choices(key.range));
  if (const auto ends = ends_of(key.range)) {
    text += " from " + quoted(key.type, ends->first) + " to " + quoted(key.type, ends->second);
  }
  if (may_be_auto(key.type)) text += " or \"auto\"";
  if (key.type == Type::distance) text += " or a duration from \"0s\" to \"" + std::string(kFarthest) + '"';
  return text;
}

std::string quoted(Type type, std::string_view text) {
  const bool bare =
      type == Type::boolean || type == Type::integer || type == Type::number || type == Type::networks ||
      type == Type::hosts || type == Type::durations || type == Type::types || type == Type::texts ||
      type == Type::files || type == Type::routes || type == Type::weights ||
      (type == Type::auto_integer && text != "auto") || (type == Type::distance && is_number(text));
  return bare ? std::string(text) : '"' + std::string(text) + '"';
}

std::vector<std::string_view> choices(std::string_view range) {
  std::vector<std::string_view> words;
  while (!range.empty()) {
    const auto bar = std::min(range.find('|'), range.size());
    words.push_back(range.substr(0, bar));
    range.remove_prefix(std::min(bar + 1, range.size()));
  }
  return words;
}

std::optional<std::pair<std::string_view, std::string_view>> ends_of(std::string_view range) {
  const auto dots = range.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  return std::pair(range.substr(0, dots), range.substr(dots + 2));
}

}  // namespace finishline::config
