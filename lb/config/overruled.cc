#include "lb/config/overruled.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace finishline::config {
namespace {

const Table* table_of(const Node* node) {
  return node == nullptr ? nullptr : std::get_if<Table>(&node->value);
}

bool same_value(const Node& a, const Node& b);

bool same_tables(const Table& a, const Table& b) {
  return a.size() == b.size() && std::ranges::all_of(a, [&](const Entry& entry) {
           const Node* const other = find_node(b, entry.key);
           return other != nullptr && same_value(entry.node, *other);
         });
}

std::optional<double> number_of(const Node& node) {
  if (const auto* const whole = std::get_if<std::int64_t>(&node.value)) return static_cast<double>(*whole);
  if (const auto* const real = std::get_if<double>(&node.value)) return *real;
  return std::nullopt;
}

/// Wherever they stand; 2 is 2.0.
bool same_value(const Node& a, const Node& b) {
  if (const auto one = number_of(a), other = number_of(b); one && other) return *one == *other;
  if (a.value.index() != b.value.index()) return false;
  if (const Table* const table = table_of(&a)) return same_tables(*table, *table_of(&b));
  if (const auto* const array = std::get_if<Array>(&a.value))
    return std::ranges::equal(*array, std::get<Array>(b.value), same_value);
  if (const auto* const text = std::get_if<std::string>(&a.value))
    return *text == std::get<std::string>(b.value);
  const auto* const truth = std::get_if<bool>(&a.value);
  return truth != nullptr && *truth == std::get<bool>(b.value);
}

/// Of [server.NAME] and the like, what the file has there; nullptr: nothing.
const Table* part_in(const Table& file, std::string_view section, std::string_view name) {
  const Node* const parts = find_node(file, section);
  if (const Table* const named = table_of(parts)) return table_of(find_node(*named, name));
  const auto index = index_of_named(file, section, name);
  return index ? table_of(&std::get<Array>(parts->value)[*index]) : nullptr;
}

/// Whether the file says so; of a factor that is taken away `false` stands for none.
bool says(const Table& part, std::string_view section, const Entry& change) {
  const Node* const there = find_node(part, change.key);
  const auto* const truth = std::get_if<bool>(&change.node.value);
  if (section == "cost" && truth != nullptr) return there == nullptr;
  return there != nullptr && same_value(*there, change.node);
}

/// Of a section within one ([pool.NAME.scale.TYPE]) the keys that the file has otherwise; nothing: none.
std::optional<Node> what_is_new(const Table& part, std::string_view section, const Entry& change) {
  if (says(part, section, change)) return std::nullopt;
  const Table* const changed = table_of(&change.node);
  const Table* const there = table_of(find_node(part, change.key));
  if (changed == nullptr || there == nullptr) return change.node;
  Table rest;
  for (const Entry& entry : *changed)
    if (auto node = what_is_new(*there, section, entry)) rest.push_back({entry.key, {}, std::move(*node)});
  return rest.empty() ? std::nullopt : std::optional(Node{std::move(rest), {}});
}

using EachKey = std::function<void(const std::string& section, const std::string& name, const Table* part,
                                   const Entry& change)>;

/// All keys that are changed, with the part of the file that has them; nullptr: it has none.
void walk(const Overlay& overlay, const Table& file, const EachKey& each) {
  for (const Entry& section : overlay.table()) {
    const Table* const parts = section.key == "added" ? nullptr : table_of(&section.node);
    for (std::size_t i = 0; parts != nullptr && i < parts->size(); ++i)
      if (const Table* const keys = table_of(&(*parts)[i].node))
        for (const Entry& key : *keys)
          each(section.key, (*parts)[i].key, part_in(file, section.key, (*parts)[i].key), key);
  }
}

std::vector<std::string> removed_in(const Overlay& overlay, const Table& file) {
  std::vector<std::string> names;
  const Node* const removed = find_node(overlay.table(), "removed");
  const auto* const all = removed == nullptr ? nullptr : std::get_if<Array>(&removed->value);
  for (std::size_t i = 0; all != nullptr && i < all->size(); ++i)
    if (const auto* const name = std::get_if<std::string>(&(*all)[i].value);
        name != nullptr && index_of_named(file, "server", *name))
      names.push_back(*name);
  return names;
}

void add_overruled(const std::string& part, const std::string& key, const Node& file, const Node& is,
                   std::vector<Overruled>& all) {
  const Table* const inner = table_of(&is);
  const Table* const there = table_of(&file);
  if (inner == nullptr || there == nullptr) return all.push_back({part, key, file, is});
  for (const Entry& entry : *inner)
    if (const Node* const said = find_node(*there, entry.key))
      add_overruled(part, key + '.' + entry.key, *said, entry.node, all);
}

}  // namespace

Overlay without_what_is_so(const Overlay& overlay, const Table& document) {
  Table file = document;
  if (find_node(overlay.table(), "cost") != nullptr) spell_out_costs(file);
  Overlay rest;
  for (const std::string& name : removed_in(overlay, file)) rest.remove_server(name, /*in_file=*/true);
  if (const Table* const added = table_of(find_node(overlay.table(), "added")))
    for (const Entry& server : *added)
      if (const Table* const keys = table_of(&server.node);
          keys != nullptr && !index_of_named(file, "server", server.key))
        rest.add_server(server.key, *keys);
  walk(overlay, file, [&](const auto& section, const auto& name, const Table* part, const Entry& change) {
    auto fresh = part == nullptr ? std::optional(change.node) : what_is_new(*part, section, change);
    if (fresh) rest.set(section, name, change.key, std::move(*fresh));
  });
  return rest;
}

std::vector<Overruled> overruled_in(const Table& file, const Overlay& overlay) {
  const Overlay changes = without_what_is_so(overlay, file);
  std::vector<Overruled> all;
  for (const std::string& name : removed_in(changes, file)) all.push_back({"server " + name, "", {}, {}});
  walk(changes, file, [&](const auto& section, const auto& name, const Table* part, const Entry& change) {
    const Node* const said = part == nullptr ? nullptr : find_node(*part, change.key);
    if (said != nullptr) add_overruled(section + ' ' + name, change.key, *said, change.node, all);
  });
  return all;
}

}  // namespace finishline::config
