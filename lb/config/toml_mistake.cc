#include "lb/config/toml_mistake.h"

#include <algorithm>
#include <optional>
#include <string>

namespace finishline::config {
namespace {

constexpr std::string_view kSpace = " \t\r";

struct Words {
  std::string message, remedy;
};

/// What the parser says, and what stands there.
struct Mistake {
  std::string_view text;
  std::uint32_t line;  // of the place
  std::string_view said;

  bool says(std::string_view words) const { return said.find(words) != std::string_view::npos; }
};

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

/// The first is 1; without white space at its ends.
std::string_view line_of(std::string_view text, std::uint32_t number) {
  for (; number > 1 && !text.empty(); --number)
    text.remove_prefix(
        std::min(text.size(), text.find('\n') == std::string_view::npos ? text.size() : text.find('\n') + 1));
  return trimmed(text.substr(0, text.find('\n')));
}

/// What stands before the first `=` of a line.
std::string key_in(std::string_view line) { return std::string(trimmed(line.substr(0, line.find('=')))); }

/// What stands behind it, without a comment.
std::string value_in(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return "";
  const std::string_view rest = line.substr(equals + 1);
  return std::string(trimmed(rest.substr(0, rest.find('#'))));
}

std::optional<Words> open_text(const Mistake& it) {
  if (!it.says("string:") || !it.says("control characters")) return std::nullopt;
  const std::string mark = it.says("literal string") ? "'" : "\"";
  return Words{"a text in this line has no end", "close it with " + mark};
}

/// The name in quotation marks of "cannot redefine existing integer 'workers'".
std::string name_in(std::string_view said) {
  const auto begin = said.find('\''), end = said.rfind('\'');
  return begin == end ? "" : std::string(said.substr(begin + 1, end - begin - 1));
}

/// The line before that one that says it, of the same part; 0: none is found.
std::uint32_t said_before(const Mistake& it, const std::string& name) {
  const bool head = line_of(it.text, it.line).starts_with('[');
  for (std::uint32_t number = it.line - 1; number > 0; --number) {
    const std::string_view line = line_of(it.text, number);
    if (head ? line.starts_with('[' + name + ']') : key_in(line) == name && line.find('=') != line.npos)
      return number;
    if (!head && line.starts_with('[')) return 0;
  }
  return 0;
}

std::optional<Words> said_twice(const Mistake& it) {
  if (!it.says("cannot redefine existing")) return std::nullopt;
  const std::string name = name_in(it.said);
  const std::uint32_t before = said_before(it, name);
  if (name.empty() || before == 0) return std::nullopt;
  const std::string there = " in line " + std::to_string(before);
  if (it.says("as array-of-tables"))
    return Words{"[" + name + "]" + there + " is no part of a list", "write [[" + name + "]] there, too"};
  return Words{"'" + name + "' is said" + there + " already", "leave one of them out"};
}

std::optional<Words> bare_value(const Mistake& it) {
  const bool of_value = it.says("parsing value") || it.says("parsing time") || it.says("parsing date") ||
                        it.says("integer:") || it.says("floating-point");
  const std::string_view line = line_of(it.text, it.line);
  const std::string key = key_in(line), value = value_in(line);
  if (!of_value || value.empty() || value.find_first_of("\"'[]{},") != std::string::npos) return std::nullopt;
  const bool yes_or_no = value == "yes" || value == "no" || value == "on" || value == "off";
  return Words{value + " is neither a number, nor true or false, nor a text in quotation marks",
               yes_or_no ? "write true or false" : "write " + key + " = \"" + value + '"'};
}

std::optional<Words> no_equals(const Mistake& it) {
  if (!it.says("expected '='")) return std::nullopt;
  const std::string_view line = line_of(it.text, it.line);
  const std::string key(line.substr(0, line.find_first_of(": \t")));
  return Words{"there is no = behind the key '" + key + "'", "write " + key + " = VALUE"};
}

std::optional<Words> no_value(const Mistake& it) {
  if (!it.says("expected value, saw '\\n'")) return std::nullopt;
  const std::string key = key_in(line_of(it.text, it.line));
  return Words{"there is no value behind " + key + " =", "write one, or leave the line out"};
}

std::optional<Words> open_head(const Mistake& it) {
  if (!it.says("table header: expected ']'")) return std::nullopt;
  const std::string_view line = line_of(it.text, it.line);
  const bool of_list = line.starts_with("[[");
  const auto begin = line.find_first_not_of("[ "), end = line.find_first_of(" ]#", begin);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string name(line.substr(begin, end - begin));
  return Words{"the head of this part is not closed",
               "write " + (of_list ? "[[" + name + "]]" : "[" + name + "]")};
}

std::optional<Words> open_list(const Mistake& it) {
  if (!it.says("array: expected comma or closing ']'")) return std::nullopt;
  return Words{"a list before this place is not closed, or has no comma here",
               "put , between its values and ] behind the last"};
}

}  // namespace

Problem toml_mistake(std::string_view text, TextPosition place, std::string_view said) {
  const Mistake mistake{text, place.line, said};
  for (const auto recognise : {open_text, said_twice, bare_value, no_equals, no_value, open_head, open_list})
    if (auto words = recognise(mistake))
      return {place.line, place.column, "", "not TOML: " + words->message, std::move(words->remedy)};
  return {place.line, place.column, "", "not TOML: " + std::string(said),
          "mend this first, the rest of the file was not read"};
}

}  // namespace finishline::config
