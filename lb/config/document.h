// A TOML text as a small tree that remembers where everything stands. The one file that knows toml++ is
// document.cc; the rest of config/ reads this tree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/config/config.h"

namespace finishline::config {

struct Entry;
struct Node;

/// In the order of the text.
using Table = std::vector<Entry>;
using Array = std::vector<Node>;

/// A TOML value that no key of ours takes: dates and times.
struct Foreign {
  std::string_view what;  // "a date"
};

struct TextPosition {
  std::uint32_t line = 0;  // from 1
  std::uint32_t column = 0;
};

struct Node {
  std::variant<bool, std::int64_t, double, std::string, Table, Array, Foreign> value;
  TextPosition place;
  bool expanded = false;  // a text that was one variable, see environment.h
};

struct Entry {
  std::string key;
  TextPosition place;  // of the key
  Node node;
};

/// The key of the first file that names others (include.h).
inline constexpr std::string_view kInclude = "include";

/// The top table of the text, or what keeps it from being TOML: the first thing in each of its files. Of
/// several files in one text (parts.h) what all of them say: sections of one kind come one behind the other,
/// keys of a section together, of which none may stand in two files. kInclude is left out.
std::variant<Table, std::vector<Problem>> parse_document(std::string_view text);
/// What stands behind kInclude; nothing where there is none, or the text is not TOML.
std::optional<Node> include_in(std::string_view text);

/// Where the value of a key stands in the text; line 0: nowhere.
TextPosition place_of(std::string_view text, std::string_view section, std::string_view key);
/// The same in a repeated section, [[server]], of which it is the one at `index`.
TextPosition place_of(std::string_view text, std::string_view section, std::size_t index,
                      std::string_view key);

/// "the integer 5", "the text \"x\"", "a table": for "expected ..., found ...".
std::string describe(const Node& node);

}  // namespace finishline::config
