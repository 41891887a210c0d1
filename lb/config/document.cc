#include "lb/config/document.h"

#include <toml++/toml.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <tuple>
#include <utility>

#include "lb/config/parts.h"
#include "lb/config/toml_mistake.h"

namespace finishline::config {
namespace {

TextPosition place_of(const toml::source_region& source) { return {source.begin.line, source.begin.column}; }

Node convert(const toml::node& node);

/// toml++ sorts a table by key; people and messages want the order of the text.
Table convert_table(const toml::table& table) {
  Table entries;
  for (const auto& [key, node] : table) {
    entries.push_back({std::string(key.str()), place_of(key.source()), convert(node)});
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
  });
  return entries;
}

Array convert_array(const toml::array& array) {
  Array nodes;
  for (const toml::node& node : array) nodes.push_back(convert(node));
  return nodes;
}

Node convert(const toml::node& node) {
  const TextPosition place = place_of(node.source());
  switch (node.type()) {
    case toml::node_type::boolean:
      return {node.as_boolean()->get(), place};
    case toml::node_type::integer:
      return {node.as_integer()->get(), place};
    case toml::node_type::floating_point:
      return {node.as_floating_point()->get(), place};
    case toml::node_type::string:
      return {node.as_string()->get(), place};
    case toml::node_type::table:
      return {convert_table(*node.as_table()), place};
    case toml::node_type::array:
      return {convert_array(*node.as_array()), place};
    case toml::node_type::date:
      return {Foreign{"a date"}, place};
    case toml::node_type::time:
      return {Foreign{"a time of day"}, place};
    default:
      return {Foreign{"a date with time"}, place};
  }
}

std::string shortened(const std::string& text) {
  constexpr std::size_t kShown = 60;
  if (text.size() <= kShown) return text;
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // whole UTF-8 characters
  return text.substr(0, end) + "...";
}

std::variant<Table, Problem> parse_part(std::string_view text) {
  try {
    return convert_table(toml::parse(text));
  } catch (const toml::parse_error& error) {
    return toml_mistake(text, place_of(error.source()), error.description());
  }
}

/// It has been followed; a file that was included may have none.
void take_include(Table& table, const TextPart& part, std::vector<Problem>& problems) {
  const auto found = std::ranges::find(table, kInclude, &Entry::key);
  if (found == table.end()) return;
  const TextPosition place = found->place;
  table.erase(found);
  if (!part.file.empty())
    problems.push_back({place.line + part.lines_before, place.column, std::string(kInclude),
                        "stands in a file that is itself included", "say it in the first file"});
}

void shift(Table& table, std::uint32_t lines);
void shift(Node& node, std::uint32_t lines) {
  node.place.line += lines;
  if (auto* table = std::get_if<Table>(&node.value)) shift(*table, lines);
  if (auto* array = std::get_if<Array>(&node.value))
    for (Node& item : *array) shift(item, lines);
}
void shift(Table& table, std::uint32_t lines) {
  if (lines == 0) return;
  for (Entry& entry : table) {
    entry.place.line += lines;
    shift(entry.node, lines);
  }
}

/// Puts what one file says to what those before it say.
class Merger {
 public:
  Merger(std::string_view whole, std::vector<Problem>& problems) : whole_(whole), problems_(problems) {}

  void merge(Table&& from, Table& into, const std::string& path = "") {
    for (Entry& entry : from) {
      const auto there = std::ranges::find(into, entry.key, &Entry::key);
      if (there == into.end())
        into.push_back(std::move(entry));
      else
        join(entry, there->node, path);
    }
  }

 private:
  void join(Entry& entry, Node& there, const std::string& path) {
    auto* const table = std::get_if<Table>(&entry.node.value);
    auto* const table_there = std::get_if<Table>(&there.value);
    if (table != nullptr && table_there != nullptr)
      return merge(std::move(*table), *table_there, path + entry.key + '.');
    auto* const array = std::get_if<Array>(&entry.node.value);
    auto* const array_there = std::get_if<Array>(&there.value);
    if (!path.empty() || array == nullptr || array_there == nullptr)
      problems_.push_back({entry.node.place.line, entry.node.place.column, path + entry.key,
                           "is said in " + line_text(whole_, there.place.line) + ", too",
                           "say it in one of the files"});
    else
      std::ranges::move(*array, std::back_inserter(*array_there));
  }

  std::string_view whole_;
  std::vector<Problem>& problems_;
};

struct Describer {
  std::string operator()(bool value) const { return value ? "the boolean true" : "the boolean false"; }
  std::string operator()(std::int64_t value) const { return "the integer " + std::to_string(value); }
  std::string operator()(double value) const {
    std::ostringstream out;
    out << "the number " << value;
    return out.str();
  }
  std::string operator()(const std::string& value) const { return "the text \"" + shortened(value) + '"'; }
  std::string operator()(const Table&) const { return "a table"; }
  std::string operator()(const Array&) const { return "an array"; }
  std::string operator()(const Foreign& value) const { return std::string(value.what); }
};

}  // namespace

std::variant<Table, std::vector<Problem>> parse_document(std::string_view text) {
  Table all;
  std::vector<Problem> problems;
  for (const TextPart& part : parts_of(text)) {
    auto parsed = parse_part(part.text);
    if (auto* problem = std::get_if<Problem>(&parsed)) {
      problem->line += part.lines_before;
      problems.push_back(std::move(*problem));
      continue;
    }
    Table& table = std::get<Table>(parsed);
    take_include(table, part, problems);
    shift(table, part.lines_before);
    Merger(text, problems).merge(std::move(table), all);
  }
  if (!problems.empty()) return problems;
  return all;
}

std::optional<Node> include_in(std::string_view text) {
  const auto parsed = parse_part(text);
  const auto* const table = std::get_if<Table>(&parsed);
  if (table == nullptr) return std::nullopt;
  const auto found = std::ranges::find(*table, kInclude, &Entry::key);
  return found == table->end() ? std::nullopt : std::optional(found->node);
}

TextPosition place_of(std::string_view text, std::string_view section, std::string_view key) {
  const auto document = parse_document(text);
  const auto* table = std::get_if<Table>(&document);
  for (const std::string_view word : {section, key}) {
    if (table == nullptr) return {};
    const auto found = std::ranges::find(*table, word, &Entry::key);
    if (found == table->end()) return {};
    if (word == key) return found->node.place;
    table = std::get_if<Table>(&found->node.value);
  }
  return {};
}

TextPosition place_of(std::string_view text, std::string_view section, std::size_t index,
                      std::string_view key) {
  const auto document = parse_document(text);
  const auto* table = std::get_if<Table>(&document);
  if (table == nullptr) return {};
  const auto found = std::ranges::find(*table, section, &Entry::key);
  const auto* parts = found == table->end() ? nullptr : std::get_if<Array>(&found->node.value);
  const auto* part =
      parts == nullptr || index >= parts->size() ? nullptr : std::get_if<Table>(&(*parts)[index].value);
  if (part == nullptr) return {};
  const auto entry = std::ranges::find(*part, key, &Entry::key);
  return entry == part->end() ? TextPosition() : entry->node.place;
}

std::string describe(const Node& node) { return std::visit(Describer{}, node.value); }

}  // namespace finishline::config
