#include "lb/control/json_node.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "lb/config/overlay.h"

namespace finishline::control {
namespace {

using NodeJson = nlohmann::ordered_json;

std::optional<config::Node> array_of(const NodeJson& value) {
  config::Array nodes;
  for (const NodeJson& item : value) {
    auto node = node_of(item);
    if (!node) return std::nullopt;
    nodes.push_back(std::move(*node));
  }
  return config::Node{std::move(nodes), {}};
}

std::optional<config::Node> table_of(const NodeJson& value) {
  config::Table entries;
  for (const auto& [key, item] : value.items()) {
    auto node = node_of(item);
    if (!node) return std::nullopt;
    entries.push_back({key, {}, std::move(*node)});
  }
  return config::Node{std::move(entries), {}};
}

struct AsJson {
  NodeJson operator()(bool value) const { return value; }
  NodeJson operator()(std::int64_t value) const { return value; }
  NodeJson operator()(double value) const { return value; }
  NodeJson operator()(const std::string& value) const { return value; }
  NodeJson operator()(const config::Table& value) const { return json_of(value); }
  NodeJson operator()(const config::Array& value) const {
    NodeJson all = NodeJson::array();
    for (const config::Node& item : value) all.push_back(json_of(item));
    return all;
  }
  NodeJson operator()(const config::Foreign&) const { return nullptr; }
};

NodeJson default_of(const config::Key& key) {
  if (!key.default_text) return nullptr;
  const auto document =
      config::parse_document("value = " + config::quoted(key.type, *key.default_text) + "\n");
  const auto* const table = std::get_if<config::Table>(&document);
  return table == nullptr || table->empty() ? NodeJson(std::string(*key.default_text))
                                            : json_of(table->front().node);
}

}  // namespace

std::optional<config::Node> node_of(const NodeJson& value) {
  if (value.is_boolean()) return config::Node{value.get<bool>(), {}};
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX)
    return config::Node{value.get<double>(), {}};
  if (value.is_number_integer()) return config::Node{value.get<std::int64_t>(), {}};
  if (value.is_number_float()) return config::Node{value.get<double>(), {}};
  if (value.is_string()) return config::Node{value.get<std::string>(), {}};
  if (value.is_array()) return array_of(value);
  if (value.is_object()) return table_of(value);
  return std::nullopt;
}

NodeJson json_of(const config::Node& node) { return std::visit(AsJson{}, node.value); }

NodeJson json_of(const config::Table& table) {
  NodeJson all = NodeJson::object();
  for (const config::Entry& entry : table) all[entry.key] = json_of(entry.node);
  return all;
}

NodeJson in_force(config::Section section, const config::Table& part) {
  NodeJson all = NodeJson::object();
  for (const config::Key& key : config::keys()) {
    if (key.section() != section || key.name == config::kAnyName) continue;
    const config::Node* const node = config::find_node(part, key.name);
    all[std::string(key.name)] = node != nullptr ? json_of(*node) : default_of(key);
  }
  const config::Node* const scale =
      section == config::Section::pool ? config::find_node(part, "scale") : nullptr;
  if (scale != nullptr) all["scale"] = json_of(*scale);
  return all;
}

}  // namespace finishline::control
