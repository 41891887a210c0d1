#include "lb/config/environment.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace finishline::config {
namespace {

constexpr std::string_view kOpen = "${", kOtherwise = ":-";

bool is_name(std::string_view text) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
         std::all_of(text.begin(), text.end(), fits);
}

/// What stands between the braces: the value, or what is wrong.
std::variant<std::string, std::string> value_of(std::string_view reference, const Environment& environment) {
  using Outcome = std::variant<std::string, std::string>;
  const auto otherwise = reference.find(kOtherwise);
  const std::string name(reference.substr(0, otherwise));
  if (!is_name(name)) return Outcome(std::in_place_index<1>, "'" + name + "' is no name of a variable");
  auto value = environment(name);
  if (otherwise != std::string_view::npos && (!value || value->empty()))
    value = std::string(reference.substr(otherwise + kOtherwise.size()));
  if (value) return Outcome(std::in_place_index<0>, std::move(*value));
  return Outcome(std::in_place_index<1>, "the environment variable " + name + " is not set");
}

class Expansion {
 public:
  explicit Expansion(const Environment& environment) : environment_(environment) {}

  void walk(Table& table, const std::string& path) {
    std::erase_if(table, [&](Entry& entry) {
      return !walk(entry.node, path.empty() ? entry.key : path + '.' + entry.key);
    });
  }
  std::vector<Problem> problems;

 private:
  /// False: it is a text that stands for nothing.
  bool walk(Node& node, const std::string& path) {
    if (auto* text = std::get_if<std::string>(&node.value)) return replace(node, *text, path);
    if (auto* table = std::get_if<Table>(&node.value)) walk(*table, path);
    if (auto* array = std::get_if<Array>(&node.value)) walk(*array, path);
    return true;
  }
  /// A part of several is told by its number, as rules do.
  void walk(Array& array, const std::string& path) {
    std::size_t at = 0;
    std::erase_if(array, [&](Node& node) {
      ++at;
      const bool part = std::holds_alternative<Table>(node.value);
      return !walk(node, part ? path + '[' + std::to_string(at) + ']' : path);
    });
  }
  bool replace(Node& node, std::string& text, const std::string& path) {
    if (text.find(kOpen) == std::string::npos) return true;
    auto expanded = expand(text, environment_);
    if (expanded.index() == 1) {
      problems.push_back({node.place.line, node.place.column, path, std::get<1>(expanded),
                          "write ${NAME:-otherwise}, or $${ for the characters themselves"});
      return false;
    }
    node.expanded = text.starts_with(kOpen) && text.find('}') == text.size() - 1;
    text = std::get<0>(std::move(expanded));
    return true;
  }

  const Environment& environment_;
};

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

std::variant<std::string, std::string> expand(const std::string& text, const Environment& environment) {
  using Outcome = std::variant<std::string, std::string>;
  std::string all;
  std::size_t at = 0;
  for (std::size_t open; (open = text.find(kOpen, at)) != std::string::npos;) {
    if (open > at && text[open - 1] == '$') {  // "$${"
      all.append(text, at, open - at).append("{");
      at = open + kOpen.size();
      continue;
    }
    const std::size_t begin = open + kOpen.size(), end = text.find('}', begin);
    if (end == std::string::npos) return Outcome(std::in_place_index<1>, "a ${ has no }");
    auto value = value_of(std::string_view(text).substr(begin, end - begin), environment);
    if (value.index() == 1) return value;
    all.append(text, at, open - at).append(std::get<0>(value));
    at = end + 1;
  }
  return Outcome(std::in_place_index<0>, all.append(text, at));
}

std::vector<Problem> expand(Table& document, const Environment& environment) {
  Expansion expansion(environment);
  expansion.walk(document, "");
  return std::move(expansion.problems);
}

}  // namespace finishline::config
