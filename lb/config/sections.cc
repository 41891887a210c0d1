#include "lb/config/sections.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "lb/config/client_weights.h"
#include "lb/config/folder.h"
#include "lb/config/value.h"
#include "proto/joined.h"
#include "proto/quantity.h"

namespace finishline::config {
namespace {

/// One section as it stands in the text.
struct Part {
  Section section;
  std::string path;  // "server[2]"
  TextPosition place;
  const Table& table;
};

std::vector<std::string_view> key_names(Section section) {
  std::vector<std::string_view> names;
  for (const Key& key : keys()) {
    if (key.section() == section) names.push_back(key.name);
  }
  return names;
}

/// The nearest key of the section, or the section that this key belongs to, or all that could stand here.
std::string unknown_key_remedy(Section section, std::string_view name) {
  std::string otherwise =
      "keys of " + std::string(row_of(section).header) + ": " + joined(key_names(section));
  for (const Key& key : keys()) {
    if (key.name == name) otherwise = "it belongs in " + std::string(row_of(key.section()).header);
  }
  return did_you_mean(name, key_names(section), otherwise);
}

/// Reports, and returns nothing, unless `node` is one ASCII letter that no earlier type has.
std::optional<char> read_code(const Node& node, const std::string& path,
                              const std::vector<RequestTypeSpec>& earlier, Draft& draft) {
  const auto* const text = std::get_if<std::string>(&node.value);
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (text == nullptr || text->size() != 1 || !letter(text->front())) {
    draft.report_at(node.place, path, "expected one ASCII letter in quotes, found " + describe(node),
                    "write for example \"V\"");
    return std::nullopt;
  }
  for (const RequestTypeSpec& type : earlier) {
    if (type.code != text->front()) continue;
    draft.report_at(node.place, path, "the letter " + *text + " is taken by type '" + type.name + "'",
                    "give each type a letter of its own");
    return std::nullopt;
  }
  return text->front();
}

std::vector<RequestTypeSpec> read_types(const Key& key, const Node& node, const std::string& path,
                                        Draft& draft) {
  std::vector<RequestTypeSpec> types;
  const auto* const table = std::get_if<Table>(&node.value);
  if (table == nullptr || table->empty()) {
    const std::string found = table == nullptr ? describe(node) : "an empty one";
    draft.report_at(node.place, path, "expected " + expectation(key) + ", found " + found,
                    "write for example " + std::string(*key.default_text));
    return types;
  }
  for (const Entry& entry : *table) {
    const std::string entry_path = path + '.' + entry.key;
    const std::string fault = name_fault(entry.key);
    if (!fault.empty()) draft.report_at(entry.place, entry_path, fault, "rename the type");
    const auto code = read_code(entry.node, entry_path, types, draft);
    if (fault.empty()) types.push_back({entry.key, code.value_or('\0')});
  }
  return types;
}

/// What the items of a list are called, and one as an example.
struct ItemKind {
  std::string_view noun;
  std::string_view example;
  std::string_view another = "::1";
};
constexpr ItemKind kNetwork{"network", "10.0.0.0/8"};
constexpr ItemKind kHost{"IP address", "10.0.0.5"};
constexpr ItemKind kDuration{"duration", "50ms", "1s"};
constexpr ItemKind kText{"text in quotes", "one", "two"};

std::variant<std::string, std::string> text_in(std::string_view text) {
  using Read = std::variant<std::string, std::string>;
  if (text.empty()) return Read(std::in_place_index<1>, "an empty text stands for nothing");
  return Read(std::in_place_index<0>, text);
}

std::variant<Nanos, std::string> duration_in(std::string_view text) {
  const auto span = parse_duration(text, Bare::refused);
  if (!span) return '\'' + std::string(text) + "' is no duration";
  return *span;
}

/// A list of texts, each of which `parse` turns into an item or into the reason why not.
template <class Item>
std::vector<Item> read_list(const Key& key, const Node& node, const std::string& path, Draft& draft,
                            ItemKind kind, std::variant<Item, std::string> (*parse)(std::string_view)) {
  std::vector<Item> items;
  const std::string example = "write for example \"" + std::string(kind.example) + '"';
  const auto* const list = std::get_if<Array>(&node.value);
  if (list == nullptr) {
    draft.report_at(
        node.place, path, "expected " + expectation(key) + ", found " + describe(node),
        "write for example [\"" + std::string(kind.example) + "\", \"" + std::string(kind.another) + "\"]");
    return items;
  }
  for (const Node& node_of_item : *list) {
    const auto* const text = std::get_if<std::string>(&node_of_item.value);
    const auto item = text != nullptr ? parse(*text)
                                      : std::variant<Item, std::string>(
                                            std::in_place_index<1>,
                                            describe(node_of_item) + " is no " + std::string(kind.noun));
    if (const auto* good = std::get_if<0>(&item)) {
      items.push_back(*good);
    } else {
      draft.report_at(node_of_item.place, path, std::get<1>(item), example);
    }
  }
  return items;
}

/// { NAME = "POOL" }; whether there are such pools is asked later.
Routes read_routes(const Key& key, const Node& node, const std::string& path, Draft& draft) {
  Routes routes;
  const auto* const table = std::get_if<Table>(&node.value);
  if (table == nullptr) {
    draft.report_at(node.place, path, "expected " + expectation(key) + ", found " + describe(node),
                    "write for example { \"www.example.org\" = \"web\" }");
    return routes;
  }
  for (const Entry& entry : *table) {
    const auto* const pool = std::get_if<std::string>(&entry.node.value);
    if (pool == nullptr) {
      draft.report_at(entry.node.place, path + '.' + entry.key,
                      "expected the name of a pool, found " + describe(entry.node),
                      "write for example \"web\"");
      continue;
    }
    routes.emplace_back(entry.key, *pool);
    draft.note(path + '.' + entry.key, entry.node.place);
  }
  return routes;
}

template <class S>
void read_key(const Key& key, const Entry& entry, const std::string& path, S& out, Draft& draft) {
  const auto store = [&]<class T>(T S::*member) {
    if constexpr (std::is_same_v<T, std::vector<RequestTypeSpec>>) {
      out.*member = read_types(key, entry.node, path, draft);
    } else if constexpr (std::is_same_v<T, net::Networks>) {
      out.*member = read_list(key, entry.node, path, draft, kNetwork, net::parse_network);
    } else if constexpr (std::is_same_v<T, std::vector<net::Address>>) {
      out.*member = read_list(key, entry.node, path, draft, kHost, net::parse_host);
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      out.*member = read_list(key, entry.node, path, draft, kText, text_in);
      if (key.type == Type::files)
        for (std::string& file : out.*member) file = file_in(draft.folder, file);
    } else if constexpr (std::is_same_v<T, Routes>) {
      out.*member = read_routes(key, entry.node, path, draft);
    } else if constexpr (std::is_same_v<T, net::NetworkWeights>) {
      out.*member = read_weights(key, entry.node, path, draft);
    } else if constexpr (std::is_same_v<T, std::vector<Nanos>>) {
      out.*member = read_list(key, entry.node, path, draft, kDuration, duration_in);
    } else {
      auto value = read_value(key, entry.node);
      if (const auto* fault = std::get_if<Fault>(&value)) {
        draft.report_at(entry.node.place, path, fault->message, fault->remedy);
        return;
      }
      out.*member = value_as<T>(std::get<Value>(value));
      if constexpr (std::is_same_v<T, std::string>)
        if (key.type == Type::file && out.*member != key.default_text)
          out.*member = file_in(draft.folder, out.*member);
    }
    draft.note(path, entry.node.place);
  };
  std::visit(store, std::get<Field<S>>(key.field));
}

void report_missing(const Part& part, Draft& draft) {
  for (const Key& key : keys()) {
    if (key.section() != part.section || key.default_text || key.name == kAnyName) continue;
    if (part.section == Section::server && key.name == "type") continue;  // depends on the pool: rules.cc
    const auto is_it = [&](const Entry& entry) { return entry.key == key.name; };
    if (std::any_of(part.table.begin(), part.table.end(), is_it)) continue;
    if (draft.reported(part.path + '.' + std::string(key.name))) continue;  // it was taken out
    draft.report_at(
        part.place, part.path + '.' + std::string(key.name), "missing",
        "add " + std::string(key.name) + " = " + expectation(key) + ": " + std::string(key.prose));
  }
}

template <class S>
void read_keys(const Part& part, S& out, Draft& draft) {
  draft.note(part.path, part.place);
  for (const Entry& entry : part.table) {
    const std::string path = part.path + '.' + entry.key;
    const Key* const key = find_key(part.section, entry.key);
    if (key == nullptr) {
      draft.report_at(entry.place, path, "unknown key", unknown_key_remedy(part.section, entry.key));
    } else {
      read_key(*key, entry, path, out, draft);
    }
  }
  report_missing(part, draft);
}

/// [cost.NAME]: its keys are the user's own words.
void read_cost_row(const Part& part, std::string_view name, Draft& draft) {
  CostRow row{std::string(name), {}};
  for (const Entry& entry : part.table) {
    const std::string path = part.path + '.' + entry.key;
    CostFactor cost;
    read_key(*find_key(Section::cost, entry.key), entry, path, cost, draft);  // after a fault the 1 stands
    row.factors.emplace_back(entry.key, cost.factor);
  }
  draft.note(part.path, part.place);
  draft.cost.push_back(std::move(row));
}

/// [alert.NAME]: what is not said of a rule stands as it is built in.
void read_rule(const Part& part, std::string_view name, Draft& draft) {
  if (const auto kind = alert::rule_named(name))
    return read_keys(part, draft.config.alert_rules[static_cast<std::size_t>(*kind)], draft);
  std::vector<std::string_view> names;
  for (const alert::AlertRule& rule : alert::default_rules()) names.push_back(rule.name);
  draft.report_at(part.place, part.path, "there is no rule '" + std::string(name) + "'",
                  did_you_mean(name, names, "rules: " + joined(names)));
}

/// [pool.NAME.scale.TYPE]
void read_scaled(const Part& part, std::string_view type, Scale& scale, Draft& draft) {
  const std::string fault = name_fault(type);
  if (!fault.empty()) draft.report_at(part.place, part.path, fault, "rename it");
  scale.servers.emplace_back().type = type;
  read_keys(part, scale.servers.back(), draft);
}

/// [pool.NAME.scale]: tables in it are those of the types.
void read_scale(const Part& part, Scale& scale, Draft& draft) {
  Table keys;
  for (const Entry& entry : part.table) {
    if (const auto* const table = std::get_if<Table>(&entry.node.value))
      read_scaled({Section::scaled, part.path + '.' + entry.key, entry.node.place, *table}, entry.key, scale,
                  draft);
    else
      keys.push_back(entry);
  }
  read_keys({Section::scale, part.path, part.place, keys}, scale, draft);
}

/// [pool.NAME]
void read_pool(const Part& part, std::string_view name, Draft& draft) {
  Pool& pool = draft.config.pools.emplace_back();
  pool.name = name;
  Table keys;
  for (const Entry& entry : part.table) {
    const auto* const table = std::get_if<Table>(&entry.node.value);
    if (entry.key == "scale" && table != nullptr)
      read_scale({Section::scale, part.path + ".scale", entry.node.place, *table}, pool.scale, draft);
    else
      keys.push_back(entry);
  }
  read_keys({Section::pool, part.path, part.place, keys}, pool, draft);
}

/// The part as the struct of its section; of the repeated ones, a new one.
void read_part(const Part& part, std::string_view name, Draft& draft) {
  Config& config = draft.config;
  switch (part.section) {
    case Section::proxy:
      return read_keys(part, config.proxy, draft);
    case Section::log:
      return read_keys(part, config.log, draft);
    case Section::work:
      return read_keys(part, draft.work, draft);
    case Section::cost:
      return read_cost_row(part, name, draft);
    case Section::listener:
      return read_keys(part, config.listeners.emplace_back(), draft);
    case Section::server:
      return read_keys(part, config.servers.emplace_back(), draft);
    case Section::pool:
      return read_pool(part, name, draft);
    case Section::alerts:
      return read_keys(part, config.alerts, draft);
    case Section::peers:
      return read_keys(part, config.peers, draft);
    case Section::alert:
      return read_rule(part, name, draft);
    case Section::scale:
    case Section::scaled:
      return;  // nested: they come with their pool
  }
}

void wrong_shape(const Node& node, const std::string& path, const SectionRow& row, Draft& draft) {
  draft.report_at(node.place, path, "expected a section, found " + describe(node),
                  "begin it with a line " + std::string(row.header));
  draft.note(path, node.place);
}

void read_named(Section section, const Entry& entry, Draft& draft) {
  const auto* const parts = std::get_if<Table>(&entry.node.value);
  if (parts == nullptr) return wrong_shape(entry.node, entry.key, row_of(section), draft);
  if (!parts->empty()) draft.note(entry.key, entry.place);
  for (const Entry& part : *parts) {
    const std::string path = entry.key + '.' + part.key;
    const auto* const table = std::get_if<Table>(&part.node.value);
    if (table == nullptr) {
      wrong_shape(part.node, path, row_of(section), draft);
      continue;
    }
    const std::string fault = name_fault(part.key);
    if (!fault.empty()) draft.report_at(part.place, path, fault, "rename it");
    read_part({section, path, part.node.place, *table}, part.key, draft);
  }
}

void read_array(Section section, const Entry& entry, Draft& draft) {
  const auto* const parts = std::get_if<Array>(&entry.node.value);
  if (parts == nullptr) return wrong_shape(entry.node, entry.key, row_of(section), draft);
  if (!parts->empty()) draft.note(entry.key, entry.place);
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const Node& part = (*parts)[i];
    const std::string path = key_path(entry.key, i, "");
    const auto* const table = std::get_if<Table>(&part.value);
    if (table == nullptr) {
      wrong_shape(part, path, row_of(section), draft);
    } else {
      read_part({section, path, part.place, *table}, "", draft);
    }
  }
}

void read_single(Section section, const Entry& entry, Draft& draft) {
  const auto* const table = std::get_if<Table>(&entry.node.value);
  if (table == nullptr) return wrong_shape(entry.node, entry.key, row_of(section), draft);
  read_part({section, entry.key, entry.node.place, *table}, "", draft);
}

std::string unknown_section_remedy(std::string_view name) {
  std::vector<std::string_view> names;
  std::vector<std::string_view> headers;
  for (const SectionRow& row : sections()) {
    if (row.shape == Shape::nested) continue;
    names.push_back(row.name);
    headers.push_back(row.header);
  }
  std::string otherwise = "sections: " + joined(headers);
  for (const Key& key : keys()) {
    if (key.name == name) otherwise = "it belongs in " + std::string(row_of(key.section()).header);
  }
  return did_you_mean(name, names, otherwise);
}

}  // namespace

void read_sections(const Table& document, Draft& draft) {
  for (const Entry& entry : document) {
    const auto rows = sections();
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& r) {
      return r.name == entry.key && r.shape != Shape::nested;
    });
    if (row == rows.end()) {
      draft.report_at(entry.place, entry.key, "unknown section", unknown_section_remedy(entry.key));
      continue;
    }
    const auto section = static_cast<Section>(row - rows.begin());
    if (row->shape == Shape::single) read_single(section, entry, draft);
    if (row->shape == Shape::named) read_named(section, entry, draft);
    if (row->shape == Shape::array) read_array(section, entry, draft);
  }
}

}  // namespace finishline::config
