#include "lb/worker/roster.h"

#include <algorithm>
#include <utility>

#include "lb/config/memory.h"
#include "lb/ledger/pool_row.h"

namespace finishline::worker {
namespace {

/// Equal for links that can stand in for each other.
std::string key_of(const config::Config& config, const config::Server& server) {
  const config::Pool& pool = config.pools[config.pool_index(server.pool)];
  std::string key = server.pool + ' ' + server.name + ' ' + server.address.to_string() + ' ' +
                    std::string(name_of(server.protocol)) + ' ' + std::to_string(server.max_buffer);
  for (const net::Address& source : server.sources) key += ' ' + source.to_string();
  for (const Nanos span : {server.keepalive, server.user_timeout, pool.link_ping, pool.check_timeout})
    key += ' ' + std::to_string(span.count());
  return key;
}

std::map<std::string, ledger::ServerId, std::less<>> rows_by_name(const ledger::Ledger& ledger) {
  std::map<std::string, ledger::ServerId, std::less<>> rows;
  for (ledger::ServerId id = 0; id < ledger.server_count(); ++id) rows.emplace(ledger.server_name(id), id);
  return rows;
}

}  // namespace

Roster::Roster(const Context& context, std::uint64_t seed)
    : context_(context),
      seeds_(seed),
      first_try_patience_(context.loop, [this] { put_in_force(); }),
      leave_patience_(context.loop, [this] { give_up_leaving(); }) {}

void Roster::change_to(const config::Config& config, std::function<void()> in_force) {
  config_ = &config;
  ids_ = rows_by_name(context_.ledger);
  hold_rows();
  in_force_ = std::move(in_force);
  ++change_;
  untried_ = 1;  // ourselves, until all have been begun
  first_try_patience_.start(kFirstTryPatience);
  open_missing();
  on_first_try(change_);
}

// --- new links -------------------------------------------------------------------------------------

void Roster::open_missing() {
  for (const config::Server& server : config_->servers) {
    if (!server.address || config_->serves_streams(server)) continue;  // each of its streams has a connection of its own
    const std::string key = key_of(*config_, server);
    const std::size_t pool = config_->pool_index(server.pool);
    for (std::size_t n = links_.count(key); n < server.links; ++n) open_link(pool, server, key);
  }
}

void Roster::open_link(std::size_t pool, const config::Server& server, const std::string& key) {
  ServerLink::Options options{.server = server.name,
                              .address = server.address,
                              .sources = net::SourceAddresses(server.sources, links_.size()),
                              .mini = server.protocol == config::Mode::mini,
                              .max_body = config::largest_reply(*config_, config_->pools[pool]),
                              .max_buffer = server.max_buffer,
                              .liveness = {server.keepalive, server.user_timeout},
                              .ping_after = config_->pools[pool].link_ping,
                              .ping_timeout = config_->pools[pool].check_timeout,
                              .server_id = ids_.at(server.name)};
  auto link = std::make_unique<ServerLink>(context_.loop, context_.dispatcher, context_.metrics, pool,
                                           std::move(options), seeds_.next(),
                                           [this, change = change_] { on_first_try(change); });
  ++untried_;
  link->connect();
  links_.emplace(key, std::move(link));
}

/// Of a link that was opened for this change; those of earlier ones are waited for no longer.
void Roster::on_first_try(std::uint64_t change) {
  if (change == change_ && --untried_ == 0 && in_force_) put_in_force();
}

// --- the change ------------------------------------------------------------------------------------

void Roster::put_in_force() {
  first_try_patience_.stop();
  LinkMap old_links = std::exchange(links_, {});
  for (std::size_t pool = 0; pool < config_->pools.size(); ++pool) renew_pool(pool);
  std::vector<std::size_t> members(config_->pools.size());
  for (const config::Server& server : config_->servers) {
    if (config_->serves_streams(server)) continue;
    const std::size_t member = members[config_->pool_index(server.pool)]++;
    if (server.address) assign(old_links, member, server);
  }
  for (auto& [key, link] : old_links) leaving_.push_back(std::move(link));
  part_with_rows();
  if (const Nanos patience = config_->proxy.reload_timeout; !leaving_.empty() && patience > 0ns)
    leave_patience_.start(patience);
  std::exchange(in_force_, nullptr)();
}

void Roster::renew_pool(std::size_t position) {
  const config::Pool& pool = config_->pools[position];
  std::vector<Member> members;
  for (const config::Server& server : config_->servers) {
    if (server.pool != pool.name) continue;
    const ledger::ServerId id = ids_.at(server.name);
    members.push_back({.id = id,
                       .spec = {id, server.name, server.type_index, server.speed, server.slots},
                       .weight = server.weight,
                       .mini = server.protocol == config::Mode::mini,
                       .capacity = server.capacity,
                       .max_connections = server.max_connections});
  }
  const auto row = ledger::find_pool(context_.ledger, pool.name);
  Pool made({.name = pool.name,
             .policy = std::string(sched::first_rule(pool.policy, pool.candidates).name),
             .params = {.gamma = pool.gamma},
             .timeout = pool.timeout,
             .max_attempts = pool.max_attempts,
             .coalesce = pool.coalesce,
             .max_backlog = pool.max_backlog,
             .wait_when_full = pool.when_full == config::WhenFull::wait,
             .max_waiting = pool.max_waiting,
             .streams = pool.streams,
             .row = row.value_or(0),
             .orders = row ? ledger::PoolOrders(context_.ledger, *row) : ledger::PoolOrders()},
            std::move(members), context_.cost, context_.books, context_.metrics, seeds_.next());
  hide_unresolved(made, pool);
  if (position < context_.dispatcher.pools()) {
    context_.dispatcher.replace_pool(position, std::move(made));
  } else {
    context_.dispatcher.add_pool(std::move(made));
  }
  if (pool.streams) renew_streams(position);
}

/// Who has no address is out of reach; a server of requests is so without a link.
void Roster::hide_unresolved(Pool& made, const config::Pool& pool) const {
  std::size_t member = 0;
  for (const config::Server& server : config_->servers) {
    if (server.pool != pool.name) continue;
    if (!server.address) made.set_reach(member, false);
    ++member;
  }
}

void Roster::renew_streams(std::size_t position) {
  const config::Pool& pool = config_->pools[position];
  std::vector<StreamPool::Server> servers;
  for (const config::Server& server : config_->servers) {
    if (server.pool != pool.name) continue;
    servers.push_back({.id = ids_.at(server.name),
                       .address = server.address,
                       .sources = net::SourceAddresses(server.sources),
                       .send_proxy = server.send_proxy,
                       .liveness = {server.keepalive, server.user_timeout}});
  }
  const StreamPool::Options options{.max_attempts = pool.max_attempts,
                                    .max_waiting = pool.max_waiting,
                                    .queue_timeout = pool.queue_timeout,
                                    .connect_timeout = pool.connect_timeout,
                                    .load_by = pool.load_by,
                                    .load_rate = static_cast<double>(pool.load_rate)};
  std::unique_ptr<StreamPool>& streams = stream_pools_[position];
  if (!streams) {
    streams = std::make_unique<StreamPool>(context_.dispatcher, position, context_.ledger, context_.books,
                                           context_.metrics);
  }
  streams->renew(options, std::move(servers));
}

/// Takes as many of its links as are wanted out of `old_links`.
void Roster::assign(LinkMap& old_links, std::size_t member, const config::Server& server) {
  const std::string key = key_of(*config_, server);
  for (std::uint32_t n = 0; n < server.links; ++n) {
    auto node = old_links.extract(key);
    context_.dispatcher.assign_link(node.mapped()->id(), member);
    links_.insert(std::move(node));
  }
}

// --- old links -------------------------------------------------------------------------------------

void Roster::bury() {
  std::erase_if(leaving_, [this](const std::unique_ptr<ServerLink>& link) {
    if (context_.dispatcher.in_flight_on(link->id()) > 0) return false;
    context_.dispatcher.remove_link(link->id(), context_.loop.now());
    return true;
  });
  if (leaving_.empty()) leave_patience_.stop();
  let_go();
}

/// What is still in flight on them has had its time.
void Roster::give_up_leaving() {
  for (const auto& link : std::exchange(leaving_, {}))
    context_.dispatcher.remove_link(link->id(), context_.loop.now());
}

// --- rows in the ledger: see ledger/tenancy.h --------------------------------------------------------

void Roster::hold_rows() {
  for (const config::Server& server : config_->servers) context_.books.hold(ids_.at(server.name));
}

void Roster::part_with_rows() {
  parting_.merge(std::exchange(held_, {}));
  for (const config::Server& server : config_->servers) {
    held_.insert(ids_.at(server.name));
    parting_.erase(ids_.at(server.name));
  }
}

void Roster::let_go() {
  std::erase_if(parting_, [this](ledger::ServerId server) {
    const auto is_its = [server](const auto& link) { return link->server_id() == server; };
    if (context_.books.owes(server) || std::ranges::any_of(leaving_, is_its)) return false;
    context_.books.let_go(server);
    return true;
  });
}

}  // namespace finishline::worker
