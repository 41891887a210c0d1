#include "lb/config/overlay.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lb/config/document_text.h"
#include "proto/cost_model.h"

namespace finishline::config {
namespace {

constexpr std::string_view kRemoved = "removed";
constexpr std::string_view kAdded = "added";
constexpr std::string_view kServer = "server";
constexpr std::string_view kCost = "cost";
constexpr std::array<std::string_view, 6> kParts = {kAdded, kServer, "pool", "listener", kCost, "alert"};
constexpr std::string_view kScale = "scale";  // in [pool.NAME]: a section of its own

Node* find_node(Table& table, std::string_view key) {
  const auto found = std::ranges::find(table, key, &Entry::key);
  return found == table.end() ? nullptr : &found->node;
}

void put(Table& table, std::string_view key, Node value) {
  if (Node* const node = find_node(table, key)) {
    *node = std::move(value);
  } else {
    table.push_back({std::string(key), {}, std::move(value)});
  }
}

void drop(Table& table, std::string_view key) {
  std::erase_if(table, [&](const Entry& it) { return it.key == key; });
}

/// The table under this key, made where there is none.
Table& table_in(Table& table, std::string_view key) {
  Node* node = find_node(table, key);
  if (node == nullptr || !std::holds_alternative<Table>(node->value)) {
    put(table, key, {Table{}, {}});
    node = find_node(table, key);
  }
  return std::get<Table>(node->value);
}

/// nullptr when it is no table.
const Table* as_table(const Node* node) {
  return node == nullptr ? nullptr : std::get_if<Table>(&node->value);
}

/// Without places: they would be taken for those of the file.
Node without_places(const Node& from) {
  Node node{from.value, {}};
  if (auto* table = std::get_if<Table>(&node.value))
    for (Entry& entry : *table) entry = {entry.key, {}, without_places(entry.node)};
  if (auto* array = std::get_if<Array>(&node.value))
    for (Node& item : *array) item = without_places(item);
  return node;
}

/// Keys of the tables in it stand each for themselves.
void merge(const Table& changes, Table& into) {
  for (const Entry& entry : changes) {
    const Table* const part = as_table(&entry.node);
    if (part == nullptr) {
      put(into, entry.key, without_places(entry.node));
    } else {
      merge(*part, table_in(into, entry.key));
    }
  }
}

void put_one(Table& into, std::string_view key, Node value) {
  const Table* const part = key == kScale ? as_table(&value) : nullptr;
  if (part == nullptr) return put(into, key, std::move(value));
  merge(*part, table_in(into, key));
}

void put_all(const Table& changes, Table& into) {
  for (const Entry& entry : changes) put_one(into, entry.key, without_places(entry.node));
}

Table* named_in_array(Table& document, std::string_view section, std::string_view name) {
  const auto index = index_of_named(document, section, name);
  if (!index) return nullptr;
  return &std::get<Table>(std::get<Array>(find_node(document, section)->value)[*index].value);
}

void remove_servers(const Node& removed, Table& document) {
  const auto* const names = std::get_if<Array>(&removed.value);
  for (std::size_t i = 0; names != nullptr && i < names->size(); ++i) {
    const auto* const name = std::get_if<std::string>(&(*names)[i].value);
    const auto index = name == nullptr ? std::nullopt : index_of_named(document, kServer, *name);
    if (!index) continue;
    auto& servers = std::get<Array>(find_node(document, kServer)->value);
    servers.erase(servers.begin() + static_cast<std::ptrdiff_t>(*index));
  }
}

bool has_pool(const Table& document, const Table& server) {
  const Node* const pool = find_node(server, "pool");
  const auto* const name = pool == nullptr ? nullptr : std::get_if<std::string>(&pool->value);
  const Table* const pools = as_table(config::find_node(document, "pool"));
  return name == nullptr || (pools != nullptr && find_node(*pools, *name) != nullptr);
}

void add_servers(const Table& added, Table& document) {
  for (const Entry& entry : added) {
    const Table* const keys = as_table(&entry.node);
    if (keys == nullptr || index_of_named(document, kServer, entry.key) || !has_pool(document, *keys))
      continue;
    Table server{{"name", {}, {entry.key, {}}}};
    put_all(*keys, server);
    Node* servers = find_node(document, kServer);
    if (servers == nullptr) {
      document.push_back({std::string(kServer), {}, {Array{}, {}}});
      servers = &document.back().node;
    }
    if (auto* const array = std::get_if<Array>(&servers->value)) array->push_back({std::move(server), {}});
  }
}

void change_costs(const Table& changes, Table& document) {
  spell_out_costs(document);
  Table& costs = table_in(document, kCost);
  for (const Entry& entry : changes) {
    const Table* const factors = as_table(&entry.node);
    if (factors == nullptr) continue;
    Table& row = table_in(costs, entry.key);
    for (const Entry& factor : *factors) {
      if (std::holds_alternative<bool>(factor.node.value)) {
        drop(row, factor.key);
      } else {
        put(row, factor.key, without_places(factor.node));
      }
    }
  }
}

void change_parts(const std::string& section, const Table& changes, Table& document) {
  if (section == kCost) return change_costs(changes, document);
  for (const Entry& entry : changes) {
    const Table* const keys = as_table(&entry.node);
    if (keys == nullptr) continue;
    Table* part = nullptr;
    if (section == "alert") {
      part = &table_in(table_in(document, section), entry.key);
    } else if (section == "pool") {
      Node* const pools = find_node(document, section);
      if (as_table(pools) != nullptr && find_node(std::get<Table>(pools->value), entry.key) != nullptr)
        part = &table_in(std::get<Table>(pools->value), entry.key);
    } else {
      part = named_in_array(document, section, entry.key);
    }
    if (part != nullptr) put_all(*keys, *part);
  }
}

}  // namespace

std::string overlay_file(const std::string& state_dir) { return state_dir + "/changes.toml"; }

const Node* find_node(const Table& table, std::string_view key) {
  const auto found = std::ranges::find(table, key, &Entry::key);
  return found == table.end() ? nullptr : &found->node;
}

std::optional<std::size_t> index_of_named(const Table& document, std::string_view section,
                                          std::string_view name) {
  const Node* const parts = find_node(document, section);
  const auto* const array = parts == nullptr ? nullptr : std::get_if<Array>(&parts->value);
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const Table* const table = as_table(&(*array)[i]);
    const Node* const text = table == nullptr ? nullptr : find_node(*table, "name");
    const auto* const own = text == nullptr ? nullptr : std::get_if<std::string>(&text->value);
    if (own != nullptr && *own == name) return i;
  }
  return std::nullopt;
}

void spell_out_costs(Table& document) {
  const Table* const before = as_table(config::find_node(document, kCost));
  if (before != nullptr && !before->empty()) return;
  const CostModel seed = CostModel::seed(1ms);
  const Table* const work = as_table(config::find_node(document, "work"));
  const Table* const types = work == nullptr ? nullptr : as_table(find_node(*work, "types"));
  Table& costs = table_in(document, kCost);
  for (std::size_t server = 0; server < seed.server_types().size(); ++server) {
    Table& row = table_in(costs, seed.server_types()[server]);
    for (std::size_t request = 0; request < seed.request_types().size(); ++request) {
      const std::string& name = seed.request_types()[request].name;
      const auto factor = seed.factor(static_cast<ServerType>(server), static_cast<RequestType>(request));
      if (factor && (types == nullptr || find_node(*types, name) != nullptr)) put(row, name, {*factor, {}});
    }
  }
}

namespace {

bool names_only(const Node& node) {
  const auto* const array = std::get_if<Array>(&node.value);
  return array != nullptr && std::ranges::all_of(*array, [](const Node& it) {
           return std::holds_alternative<std::string>(it.value);
         });
}

bool tables_only(const Node& node) {
  const Table* const table = as_table(&node);
  return table != nullptr &&
         std::ranges::all_of(*table, [](const Entry& it) { return as_table(&it.node) != nullptr; });
}

std::optional<Problem> problem_of(const Entry& entry) {
  const TextPosition at = entry.place;
  if (entry.key == kRemoved) {
    if (names_only(entry.node)) return std::nullopt;
    return Problem{at.line, at.column, entry.key, "is no list of names", "write removed = [\"NAME\"]"};
  }
  if (std::ranges::find(kParts, entry.key) == kParts.end())
    return Problem{at.line, at.column, entry.key, "no change is kept under this key",
                   "keys are removed, added, server, pool, listener, cost and alert"};
  if (tables_only(entry.node)) return std::nullopt;
  return Problem{at.line, at.column, entry.key, "is no section with a name",
                 "write [" + entry.key + ".NAME], and keys below it"};
}

}  // namespace

std::variant<Overlay, Problem> Overlay::parse(std::string_view text) {
  auto document = parse_document(text);
  if (auto* const problems = std::get_if<std::vector<Problem>>(&document))
    return std::move(problems->front());
  for (const Entry& entry : std::get<Table>(document))
    if (auto problem = problem_of(entry)) return std::move(*problem);
  Overlay overlay;
  overlay.table_ = std::move(std::get<Table>(document));
  return overlay;
}

void Overlay::set(std::string_view section, const std::string& name, const std::string& key,
                  std::optional<Node> value) {
  Table& parts =
      section == kServer && added(name) != nullptr ? table_in(table_, kAdded) : table_in(table_, section);
  Table& part = table_in(parts, name);
  if (value) {
    put_one(part, key, std::move(*value));
  } else {
    drop(part, key);
  }
  if (part.empty()) drop(parts, name);
  if (parts.empty()) drop(table_, section);
}

void Overlay::add_server(const std::string& name, Table keys) {
  put(table_in(table_, kAdded), name, {std::move(keys), {}});
}

void Overlay::remove_server(const std::string& name, bool in_file) {
  for (const std::string_view section : {kAdded, kServer}) {
    if (find_node(table_, section) == nullptr) continue;
    Table& parts = table_in(table_, section);
    drop(parts, name);
    if (parts.empty()) drop(table_, section);
  }
  if (!in_file) return;
  if (find_node(table_, kRemoved) == nullptr)
    table_.insert(table_.begin(), {std::string(kRemoved), {}, {Array{}, {}}});
  std::get<Array>(find_node(table_, kRemoved)->value).push_back({name, {}});
}

const Table* Overlay::added(std::string_view name) const {
  const Table* const all = as_table(config::find_node(table_, kAdded));
  return all == nullptr ? nullptr : as_table(config::find_node(*all, name));
}

std::string Overlay::text() const { return to_toml(table_); }

void Overlay::apply_to(Table& document) const {
  if (const Node* const removed = config::find_node(table_, kRemoved)) remove_servers(*removed, document);
  if (const Table* const all = as_table(config::find_node(table_, kAdded))) add_servers(*all, document);
  for (const Entry& entry : table_) {
    const Table* const parts = as_table(&entry.node);
    if (parts != nullptr && entry.key != kAdded) change_parts(entry.key, *parts, document);
  }
}

}  // namespace finishline::config
