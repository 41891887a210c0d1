#include "lb/master/config_check.h"

#include <ctime>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <variant>

#include "lb/config/advice.h"
#include "lb/config/overlay.h"
#include "lb/config/parts.h"
#include "lb/config/source.h"
#include "lb/history/tier.h"
#include "lb/master/config_reader.h"
#include "lb/master/machine.h"
#include "lb/master/mistakes.h"
#include "lb/master/tls_files.h"
#include "lb/process/limits.h"
#include "proto/quantity.h"

namespace finishline::master {
namespace {

/// What it will take.
std::vector<std::string> needs_of(const config::Config& config, const config::MemoryNeed& memory) {
  std::vector<std::string> needs{"memory at most: " + config::to_string(memory, config)};
  if (config.proxy.state_dir.empty() && !config.proxy.admin.empty())
    needs.push_back(
        "history in memory only, a quarter of an hour, and gone with the process: proxy.state_dir is not "
        "set");
  if (!config.proxy.state_dir.empty()) {
    std::set<config::Mode> protocols;
    for (const config::Listener& listener : config.listeners) protocols.insert(listener.mode);
    const std::uint64_t bytes = history::bytes_of({.servers = config.servers.size(),
                                                   .pools = config.pools.size(),
                                                   .types = config.cost.request_types().size(),
                                                   .workers = config.worker_count(),
                                                   .listeners = config.listeners.size(),
                                                   .protocols = protocols.size()});
    needs.push_back("history in " + config.proxy.state_dir + ": some " + std::to_string((bytes >> 20) + 1) +
                    " MiB once it is two years old");
  }
  const std::size_t spare = config.proxy.max_servers - config.servers.size();
  if (spare < config.servers.size())
    needs.push_back("room for servers: max_servers = " + std::to_string(config.proxy.max_servers) +
                    " lets one reload bring " + counted(spare, "new one") +
                    " at most, beside those that run");
  return needs;
}

/// What is told of a configuration that can be read.
void look_at(const config::Source& source, const config::Config& config, ConfigCheck& check) {
  check.listeners = config.listeners.size();
  check.pools = config.pools.size();
  check.servers = config.servers.size();
  check.workers = config.worker_count();
  check.memory = config::memory_need(config, process::socket_memory());
  check.needs = needs_of(config, check.memory);
  for (const config::TextPart& part : config::parts_of(source.text))
    if (!part.file.empty()) check.included.emplace_back(part.file);
  for (const config::Server& server : config.servers)
    if (!server.unresolved.empty()) check.down.emplace_back(server.name, server.unresolved);
  for (const config::Problem& advice : config::advice_on(source, config))
    check.warnings.push_back(config::to_string(advice, check.file));
  for (const config::Problem& doubt : doubts_of_tls(config))
    check.warnings.push_back(config::to_string(doubt, check.file));
}

void note(const StartFault& mistake, ConfigCheck& check) {
  std::string text = config::to_string(mistake.problem, check.file);
  (mistake.of_machine ? check.faults : check.problems).push_back(text);
  check.mistakes.push_back(std::move(text));
}

}  // namespace

ConfigCheck check_config(const std::string& file) {
  ConfigCheck check;
  check.file = file;
  const ConfigReader::Outcome read = read_and_wait({.file = file, .text = {}, .names = {}});
  const config::Source* const source = read.source();
  if (source == nullptr) {
    check.problems = check.mistakes = std::get<std::vector<std::string>>(read.result);
    return check;
  }
  const config::Judged judged = config::judge(*source);
  MachineFindings machine =
      judged.parsed ? try_machine(*source, judged.config, MachineTrial::check) : MachineFindings();
  for (const StartFault& mistake : mistakes_in(*source, judged, machine, std::time(nullptr)))
    note(mistake, check);
  if (check.problems.empty()) look_at(*source, judged.config, check);
  if (check.problems.empty()) std::ranges::move(machine.warnings, std::back_inserter(check.warnings));
  if (!read.changes_fault.empty())
    check.warnings.push_back("what was changed over the admin server would be left out: " +
                             config::overlay_file(judged.config.proxy.state_dir) + ": " + read.changes_fault +
                             "; mend that file, or remove it to go on without");
  return check;
}

std::string complaints_of(const ConfigCheck& check) {
  if (check.good()) return "";
  std::string text;
  for (const std::string& mistake : check.mistakes) text += mistake + "\n";
  return text + count_line(check.mistakes.size(), check.file);
}

std::string text_of(const ConfigCheck& check) {
  std::string text = check.file + " is good: " + counted(check.listeners, "listener") + ", " +
                     counted(check.pools, "pool") + ", " + counted(check.servers, "server") + ", " +
                     counted(check.workers, "worker") + "\n";
  for (const std::string& file : check.included) text += "including " + file + "\n";
  for (const std::string& need : check.needs) text += need + "\n";
  for (const auto& [server, why] : check.down) text += "server '" + server + "' would be down: " + why + "\n";
  for (const std::string& warning : check.warnings) text += "warning: " + warning + "\n";
  return text;
}

nlohmann::ordered_json json_of(const ConfigCheck& check) {
  using Json = nlohmann::ordered_json;
  Json json{
      {"file", check.file}, {"good", check.good()}, {"problems", check.problems}, {"faults", check.faults}};
  if (!check.problems.empty()) return json;
  Json down = Json::array();
  for (const auto& [server, why] : check.down) down.push_back({{"server", server}, {"why", why}});
  json.update({{"listeners", check.listeners},
               {"pools", check.pools},
               {"servers", check.servers},
               {"workers", check.workers},
               {"included", check.included},
               {"memory_per_worker_bytes", check.memory.sum()},
               {"needs", check.needs},
               {"would_be_down", down},
               {"warnings", check.warnings}});
  return json;
}

}  // namespace finishline::master
