#include "lb/master/kept_orders.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "lb/ledger/pool_row.h"
#include "lb/log/log.h"
#include "lb/process/state_file.h"
#include "lb/sched/policies.h"

namespace finishline::master {
namespace {

using KeptJson = nlohmann::json;

void drain_again(const config::Config& config, ledger::Ledger& ledger, const std::string& name) {
  const bool is_ours = std::ranges::find(config.servers, name, &config::Server::name) != config.servers.end();
  const auto row = ledger.find_server(name);
  if (!is_ours || !row) return;
  ledger.set_admin(*row, ledger::AdminState::drain);
  log::write(log::Event::drain_kept, {{"server", name}});
}

/// Control tells the log of policies that are not the file's.
void choose_again(const config::Pool& pool, ledger::Ledger& ledger, const KeptJson& kept) {
  const auto row = ledger::find_pool(ledger, pool.name);
  const sched::PolicyRow* const policy = sched::find_choice(kept.at("policy").get<std::string>());
  if (!row || policy == nullptr || (pool.streams && !policy->streams)) return;
  if (sched::name_of_choice(ledger::pool_policy(ledger, *row).configured) != kept.at("file")) return;
  ledger::choose_policy(ledger, *row, policy->number, policy->make != nullptr);
}

}  // namespace

void carry_out_kept_orders(const config::Config& config, ledger::Ledger& ledger) {
  if (config.proxy.state_dir.empty()) return;
  const std::string file = config.proxy.state_dir + "/orders.json";
  const process::StateText read = process::read_state(file);
  if (!read.fault.empty()) process::put_aside(file, read.fault);
  if (!read.there || !read.fault.empty()) return;
  try {
    const KeptJson kept = KeptJson::parse(read.text);
    for (const KeptJson& server : kept.at("drained")) drain_again(config, ledger, server.get<std::string>());
    for (const config::Pool& pool : config.pools)
      if (const auto it = kept.at("policies").find(pool.name); it != kept.at("policies").end())
        choose_again(pool, ledger, *it);
  } catch (const KeptJson::exception& problem) {
    process::put_aside(file, problem.what());
  }
}

}  // namespace finishline::master
