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

std::string_view noun_of(Type type) {
  switch (type) {
    case Type::boolean:
      return "true or false";
    case Type::integer:
      return "an integer";
    case Type::size:
      return "a size in bytes";
    case Type::number:
      return "a number";
    case Type::duration:
    case Type::auto_duration:
      return "a duration";
    case Type::choice:
      return "one of";
    case Type::name:
      return "a name in quotes";
    case Type::text:
    case Type::file:
      return "a text in quotes";
    case Type::address:
      return "an address \"HOST:PORT\"";
    case Type::rate:
      return "a rate";
    case Type::networks:
      return "a list of networks";
    case Type::hosts:
      return "a list of IP addresses";
    case Type::durations:
      return "a list of durations";
    case Type::types:
      return "a table of names and letters";
    case Type::texts:
    case Type::files:
      return "a list of texts in quotes";
    case Type::routes:
      return "a table of server names and pools";
  }
  return "";
}

}  // namespace

std::string expectation(const Key& key) {
  std::string text(noun_of(key.type));
  if (key.type == Type::choice) return text + ' ' + joined(choices(key.range));
  if (const auto ends = ends_of(key.range)) {
    text += " from " + quoted(key.type, ends->first) + " to " + quoted(key.type, ends->second);
  }
  if (may_be_auto(key.type)) text += " or \"auto\"";
  return text;
}

std::string quoted(Type type, std::string_view text) {
  const bool bare = type == Type::boolean || type == Type::integer || type == Type::number ||
                    type == Type::networks || type == Type::hosts || type == Type::durations ||
                    type == Type::types || type == Type::texts || type == Type::files || type == Type::routes;
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
