#include "lb/control/shared_part.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <variant>

#include "lb/config/document_text.h"
#include "lb/control/json_node.h"
#include "lb/peers/shared_orders.h"

namespace finishline::control {
namespace {

using SortedJson = nlohmann::json;  // equal things are equal texts
using LaidJson = nlohmann::ordered_json;

constexpr auto kReplace = SortedJson::error_handler_t::replace;
constexpr std::string_view kServerPart = "server ", kCostPart = "cost ";

/// Of "change server video-1".
struct PartName {
  bool of_server = false;
  std::string of;
};

std::optional<PartName> read_name(std::string_view name) {
  if (!name.starts_with(peers::kChangeField)) return std::nullopt;
  name.remove_prefix(peers::kChangeField.size());
  const bool of_server = name.starts_with(kServerPart);
  if (!of_server && !name.starts_with(kCostPart)) return std::nullopt;
  name.remove_prefix(of_server ? kServerPart.size() : kCostPart.size());
  if (name.empty()) return std::nullopt;
  return PartName{of_server, std::string(name)};
}

std::string name_of(std::string_view kind, const std::string& of) {
  return std::string(peers::kChangeField) + std::string(kind) + of;
}

std::string text_of(const SortedJson& part) { return part.dump(-1, ' ', false, kReplace); }

bool is_server_part(const SortedJson& part) {
  for (const auto& [key, value] : part.items()) {
    if (key == "removed" ? value != SortedJson(true) : !value.is_object() || value.empty()) return false;
    if (key != "removed" && key != "added" && key != "changed") return false;
  }
  return true;
}

bool is_cost_part(const SortedJson& part) {
  return std::ranges::all_of(
      part, [](const SortedJson& factor) { return factor.is_number() || factor == SortedJson(false); });
}

void erase_in(LaidJson& all, const char* section, const std::string& name) {
  if (!all.contains(section)) return;
  all[section].erase(name);
  if (all[section].empty()) all.erase(section);
}

void put_server(LaidJson& all, const std::string& name, const SortedJson& part) {
  LaidJson removed = all.value("removed", LaidJson::array());
  std::erase(removed.get_ref<LaidJson::array_t&>(), LaidJson(name));
  erase_in(all, "added", name);
  erase_in(all, "server", name);
  all.erase("removed");
  if (part.contains("removed")) removed.push_back(name);
  if (!removed.empty()) all.emplace("removed", std::move(removed));
  if (part.contains("added")) all["added"][name] = LaidJson::parse(text_of(part["added"]));
  if (part.contains("changed")) all["server"][name] = LaidJson::parse(text_of(part["changed"]));
}

/// Keys before tables, as TOML wants them.
config::Overlay overlay_of(const LaidJson& all) {
  config::Table table;
  for (const bool arrays : {true, false})
    for (const auto& [key, value] : all.items())
      if (value.is_array() == arrays)
        if (auto node = node_of(value)) table.push_back({key, {}, std::move(*node)});
  auto made = config::Overlay::parse(config::to_toml(table));
  auto* const overlay = std::get_if<config::Overlay>(&made);
  return overlay == nullptr ? config::Overlay() : std::move(*overlay);
}

std::string missing_pool(const config::Table& document, const SortedJson& server) {
  const std::string pool = server.contains("pool") && server["pool"].is_string() ? server["pool"] : "";
  const config::Node* const pools = config::find_node(document, "pool");
  const auto* const table = pools == nullptr ? nullptr : std::get_if<config::Table>(&pools->value);
  if (pool.empty() || (table != nullptr && config::find_node(*table, pool) != nullptr)) return "";
  return "there is no pool '" + pool + "'";
}

}  // namespace

std::map<std::string, std::string> shared_parts(const config::Overlay& overlay) {
  const SortedJson all =
      SortedJson::parse(json_of(overlay.table()).dump(-1, ' ', false, LaidJson::error_handler_t::replace));
  const auto in = [&](const char* section) { return all.value(section, SortedJson::object()); };
  const SortedJson removed = all.value("removed", SortedJson::array());
  const SortedJson added = in("added"), changed = in("server"), costs = in("cost");
  std::map<std::string, SortedJson> parts;
  for (const SortedJson& name : removed)
    if (name.is_string()) parts[name_of(kServerPart, name)]["removed"] = true;
  for (const auto& [name, keys] : added.items()) parts[name_of(kServerPart, name)]["added"] = keys;
  for (const auto& [name, keys] : changed.items()) parts[name_of(kServerPart, name)]["changed"] = keys;
  for (const auto& [type, row] : costs.items()) parts[name_of(kCostPart, type)] = row;
  std::map<std::string, std::string> texts;
  for (const auto& [name, part] : parts) texts.emplace(name, text_of(part));
  return texts;
}

std::optional<std::string> same_part(const std::string& name, const std::string& text) {
  const auto it = read_name(name);
  const SortedJson part = SortedJson::parse(text, nullptr, false);
  if (!it || !part.is_object()) return std::nullopt;
  if (it->of_server ? !is_server_part(part) : !is_cost_part(part)) return std::nullopt;
  if (!node_of(LaidJson::parse(text))) return std::nullopt;  // holds null
  return text_of(part);
}

void put_part(config::Overlay& overlay, const std::string& name, const std::string& text) {
  const auto it = read_name(name);
  if (!it) return;
  LaidJson all = json_of(overlay.table());
  const SortedJson part = SortedJson::parse(text);
  if (it->of_server) {
    put_server(all, it->of, part);
  } else {
    erase_in(all, "cost", it->of);
    if (!part.empty()) all["cost"][it->of] = LaidJson::parse(text);
  }
  overlay = overlay_of(all);
}

std::string idle_reason(const config::Table& document, const std::string& name, const std::string& text) {
  const auto it = read_name(name);
  const SortedJson part = SortedJson::parse(text, nullptr, false);
  if (!it || !it->of_server || !part.is_object()) return "";
  if (config::index_of_named(document, "server", it->of)) return "";
  if (part.contains("added")) return missing_pool(document, part["added"]);
  return part.contains("changed") ? "there is no server '" + it->of + "'" : "";
}

}  // namespace finishline::control
