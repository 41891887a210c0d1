#include "lb/cli/reload_preview.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "lb/address/address.h"
#include "lb/config/change.h"
#include "lb/config/overlay.h"
#include "lb/config/source.h"
#include "lb/control/json_node.h"

namespace finishline::cli {
namespace {

using PartJson = nlohmann::ordered_json;
using PreviewKind = PreviewChange::Kind;

/// The parts of a document by what they are called: "proxy", "server video-1", "cost video".
using PartsByName = std::vector<std::pair<std::string, PartJson>>;

std::string name_in(const config::Table& part) {
  const config::Node* const node = config::find_node(part, "name");
  const auto* const text = node == nullptr ? nullptr : std::get_if<std::string>(&node->value);
  return text == nullptr ? "" : *text;
}

PartJson part_json(config::Section section, const config::Table& part) {
  return section == config::Section::cost ? control::json_of(part) : control::in_force(section, part);
}

void add_parts(config::Section section, const config::Node& node, PartsByName& parts) {
  const std::string noun(config::row_of(section).name);
  if (const auto* const array = std::get_if<config::Array>(&node.value)) {
    for (const config::Node& item : *array)
      if (const auto* const part = std::get_if<config::Table>(&item.value))
        parts.emplace_back(noun + " " + name_in(*part), part_json(section, *part));
    return;
  }
  const auto* const table = std::get_if<config::Table>(&node.value);
  if (table == nullptr) return;
  if (config::row_of(section).shape == config::Shape::single)
    return parts.emplace_back(noun, part_json(section, *table)), void();
  for (const config::Entry& entry : *table)
    if (const auto* const part = std::get_if<config::Table>(&entry.node.value))
      parts.emplace_back(noun + " " + entry.key, part_json(section, *part));
}

/// Single sections are always there: with their defaults.
PartsByName parts_in(config::Table document, const config::Overlay& overlay) {
  overlay.apply_to(document);
  config::spell_out_costs(document);
  PartsByName parts;
  std::size_t number = 0;
  for (const config::SectionRow& row : config::sections()) {
    const auto section = static_cast<config::Section>(number++);
    if (row.shape == config::Shape::nested) continue;
    const config::Node* const node = config::find_node(document, row.name);
    if (node != nullptr)
      add_parts(section, *node, parts);
    else if (row.shape == config::Shape::single)
      parts.emplace_back(std::string(row.name), part_json(section, {}));
  }
  return parts;
}

const PartJson* part_named(const PartsByName& parts, const std::string& name) {
  const auto found = std::ranges::find(parts, name, &std::pair<std::string, PartJson>::first);
  return found == parts.end() ? nullptr : &found->second;
}

void compare_keys(const std::string& part, const PartJson& was, const PartJson& is,
                  std::vector<PreviewChange>& changes) {
  std::set<std::string> all;
  for (const PartJson* const side : {&was, &is})
    for (const auto& [key, value] : side->items()) all.insert(key);
  for (const std::string& key : all) {
    PartJson before = was.value(key, PartJson()), after = is.value(key, PartJson());
    if (before != after)
      changes.push_back({PreviewKind::changed, part, key, std::move(before), std::move(after)});
  }
}

std::vector<PreviewChange> changes_between(const PartsByName& running, const PartsByName& wanted) {
  std::vector<PreviewChange> changes;
  for (const auto& [name, is] : wanted) {
    const PartJson* const was = part_named(running, name);
    if (was == nullptr)
      changes.push_back({PreviewKind::added, name, "", nullptr, is});
    else
      compare_keys(name, *was, is, changes);
  }
  for (const auto& [name, was] : running)
    if (part_named(wanted, name) == nullptr)
      changes.push_back({PreviewKind::removed, name, "", nullptr, nullptr});
  return changes;
}

config::NameTable look_up_each(const std::set<config::Name>& names) {
  config::NameTable table;
  for (const config::Name& name : names) table[name] = net::look_up(name.text);
  return table;
}

std::vector<std::string> texts_of_problems(const std::vector<config::Problem>& problems,
                                           const std::string& file) {
  std::vector<std::string> texts;
  for (const config::Problem& problem : problems) texts.push_back(config::to_string(problem, file));
  return texts;
}

ReloadPreview::Workers workers_of(config::Scope scope) {
  using Workers = ReloadPreview::Workers;
  return scope == config::Scope::nothing   ? Workers::untouched
         : scope == config::Scope::servers ? Workers::same
                                           : Workers::renewed;
}

/// What running workers, or a reload at all, cannot take.
void judge_reload(const config::Source& running, const config::Config& wanted, const std::string& text,
                  ReloadPreview& preview) {
  const auto before = config::parse(running);
  const auto* const config = std::get_if<config::Config>(&before);
  if (config == nullptr) return void(preview.workers = ReloadPreview::Workers::unknown);
  config::Change change = config::change_between(*config, wanted);
  config::locate_refusals(change, text);
  preview.problems = texts_of_problems(change.refusals, running.file);
  preview.workers = workers_of(change.scope);
}

const char* outcome_of(const ReloadPreview& preview) {
  if (!preview.problems.empty()) return "refused";
  switch (preview.workers) {
    case ReloadPreview::Workers::untouched:
      return preview.changes.empty() ? "nothing" : "same workers";
    case ReloadPreview::Workers::same:
      return "same workers";
    case ReloadPreview::Workers::renewed:
      return "new workers";
    case ReloadPreview::Workers::unknown:
      break;
  }
  return "unknown";
}

const char* words_about_workers(ReloadPreview::Workers workers) {
  switch (workers) {
    case ReloadPreview::Workers::renewed:
      return "new workers would take it, on the same listening sockets; the old ones finish what they have\n";
    case ReloadPreview::Workers::unknown:
      return "who would take it cannot be told: what is in force does not read here as it does in the "
             "proxy\n";
    default:
      return "the running workers would take it\n";
  }
}

/// "+ server video-3: pool \"media\", address \"127.0.0.1:9003\"", what stands there by default left out.
std::string line_of(const PreviewChange& change) {
  if (change.kind == PreviewKind::removed) return "- " + change.part + "\n";
  if (change.kind == PreviewKind::changed)
    return "~ " + change.part + ": " + change.key + " " + change.was.dump() + " -> " + change.is.dump() +
           "\n";
  std::string keys;
  for (const char* const key : {"pool", "type", "address", "bind", "mode", "policy"})
    if (change.is.contains(key) && !change.is[key].is_null())
      keys += (keys.empty() ? ": " : ", ") + std::string(key) + " " + change.is[key].dump();
  return "+ " + change.part + keys + "\n";
}

}  // namespace

ReloadPreview preview_of(const std::string& file, const std::string& running, const std::string& overlay) {
  ReloadPreview preview;
  config::Reading read = config::read_source(file, look_up_each, overlay);
  if (!read.judged.problems.empty()) {
    preview.problems = texts_of_problems(read.judged.problems, file);
    return preview;
  }
  config::Source in_force{.file = file, .text = running, .names = {}, .overlay = {}};
  in_force.names = look_up_each(config::names_in(in_force));
  judge_reload(in_force, read.judged.config, read.source.text, preview);
  const auto changes = config::Overlay::parse(overlay);
  auto before = config::parse_document(running), after = config::parse_document(read.source.text);
  auto* const was = std::get_if<config::Table>(&before);
  auto* const is = std::get_if<config::Table>(&after);
  const auto* const over = std::get_if<config::Overlay>(&changes);
  if (was == nullptr || is == nullptr || over == nullptr) return preview;
  preview.overruled = config::overruled_in(*is, *over);
  preview.changes = changes_between(parts_in(std::move(*was), {}), parts_in(std::move(*is), *over));
  return preview;
}

std::string line_of_overruled(const std::string& part, const std::string& key, const PartJson& file,
                              const PartJson& is) {
  const std::string over = ", which was changed over the file (finishline config changes)\n";
  if (key.empty()) return "! " + part + " of the file is not there: it is removed" + over;
  return "! " + part + ": " + key + " " + file.dump() + " of the file does not hold, " + is.dump() + " does" +
         over;
}

std::string text_of(const ReloadPreview& preview) {
  std::string text, overruled;
  for (const PreviewChange& change : preview.changes) text += line_of(change);
  for (const config::Overruled& it : preview.overruled)
    overruled += line_of_overruled(it.part, it.key, control::json_of(it.file), control::json_of(it.is));
  if (text.empty()) return overruled + "nothing would change; certificates and tokens are read anew\n";
  return text + overruled + words_about_workers(preview.workers);
}

nlohmann::ordered_json json_of(const ReloadPreview& preview) {
  constexpr const char* kKinds[] = {"added", "removed", "changed"};
  PartJson changes = PartJson::array();
  for (const PreviewChange& change : preview.changes) {
    PartJson one = {{"change", kKinds[static_cast<std::size_t>(change.kind)]}, {"part", change.part}};
    if (change.kind == PreviewKind::added) one["keys"] = change.is;
    if (change.kind == PreviewKind::changed)
      one.update({{"key", change.key}, {"from", change.was}, {"to", change.is}});
    changes.push_back(std::move(one));
  }
  PartJson overruled = PartJson::array();
  for (const config::Overruled& it : preview.overruled) {
    overruled.push_back({{"part", it.part}});
    if (!it.key.empty())
      overruled.back().update(
          {{"key", it.key}, {"file", control::json_of(it.file)}, {"is", control::json_of(it.is)}});
  }
  return {{"outcome", outcome_of(preview)},
          {"changes", changes},
          {"overruled", overruled},
          {"problems", preview.problems}};
}

}  // namespace finishline::cli
