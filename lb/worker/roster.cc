#include "lb/worker/roster.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "lb/config/memory.h"
#include "lb/ledger/pool_row.h"
#include "lb/ledger/server_index.h"

namespace finishline::worker {
namespace {

/// Equal for links that can stand in for each other.
std::string key_of(const config::Pool& pool, const config::Server& server) {
  std::string key = server.pool + ' ' + server.name + ' ' + server.address.to_string() + ' ' +
                    std::string(name_of(server.protocol)) + ' ' + std::to_string(server.max_buffer);
  for (const net::Address& source : server.sources) key += ' ' + source.to_string();
  for (const Nanos span : {server.keepalive, server.user_timeout, pool.link_ping, pool.check_timeout})
    key += ' ' + std::to_string(span.count());
  return key;
}

}  // namespace

Roster::Roster(const Context& context, std::uint64_t seed)
    : context_(context),
      seeds_(seed),
      first_try_patience_(context.loop, [this] { put_in_force(); }),
      leave_patience_(context.loop, [this] { give_up_leaving(); }) {}

void Roster::change_to(const config::Config& config, std::function<void()> in_force) {
  config_ = &config;
  find_places();
  hold_rows();
  in_force_ = std::move(in_force);
  ++change_;
  untried_ = 1;  // ourselves, until all have been begun
  first_try_patience_.start(kFirstTryPatience);
  open_missing();
  on_first_try(change_);
}

/// Where each server belongs: once for all that follows.
void Roster::find_places() {
  const ledger::ServerIndex rows(context_.ledger);
  std::unordered_map<std::string_view, std::size_t> pools;
  for (std::size_t pool = 0; pool < config_->pools.size(); ++pool)
    pools.emplace(config_->pools[pool].name, pool);
  servers_.clear();
  pools_.assign(config_->pools.size(), {});
  for (const config::Server& server : config_->servers) {
    const std::size_t pool = pools.at(server.pool);
    pools_[pool].push_back(servers_.size());
    servers_.push_back({rows.find(server.name).value(), pool});
  }
}

// --- new links -------------------------------------------------------------------------------------

void Roster::open_missing() {
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const config::Server& server = config_->servers[i];
    if (!server.address || pool_of(i).streams) continue;  // each of its streams has a connection of its own
    const std::string key = key_of(pool_of(i), server);
    for (std::size_t n = links_.count(key); n < server.links; ++n) open_link(i, key);
  }
}

void Roster::open_link(std::size_t at, const std::string& key) {
  const config::Server& server = config_->servers[at];
  ServerLink::Options options{.server = server.name,
                              .address = server.address,
                              .sources = net::SourceAddresses(server.sources, links_.size()),
                              .mini = server.protocol == config::Mode::mini,
                              .max_body = config::largest_reply(*config_, pool_of(at)),
                              .max_buffer = server.max_buffer,
                              .tcp_timeouts = {server.keepalive, server.user_timeout},
                              .ping_after = pool_of(at).link_ping,
                              .ping_timeout = pool_of(at).check_timeout,
                              .server_id = servers_[at].row};
  auto link = std::make_unique<ServerLink>(context_.loop, context_.dispatcher, context_.metrics,
                                           servers_[at].pool, std::move(options), seeds_.next(),
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
  for (const std::vector<std::size_t>& members : pools_)
    for (std::size_t member = 0; member < members.size(); ++member)
      assign(old_links, member, members[member]);
  for (auto& [key, link] : old_links) leaving_.push_back(std::move(link));
  release_rows();
  if (const Nanos patience = config_->proxy.reload_timeout; !leaving_.empty() && patience > 0ns)
    leave_patience_.start(patience);
  std::exchange(in_force_, nullptr)();
}

void Roster::renew_pool(std::size_t position) {
  const config::Pool& pool = config_->pools[position];
  std::vector<Member> members;
  for (const std::size_t at : pools_[position]) {
    const config::Server& server = config_->servers[at];
    const ledger::ServerId id = servers_[at].row;
    members.push_back({.id = id,
                       .spec = {id, server.name, server.type_index, server.speed, server.slots},
                       .weight = server.weight,
                       .backup = server.backup,
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
  for (const std::size_t at : pools_[position]) {
    const config::Server& server = config_->servers[at];
    servers.push_back({.id = servers_[at].row,
                       .address = server.address,
                       .sources = net::SourceAddresses(server.sources),
                       .send_proxy = server.send_proxy,
                       .tcp_timeouts = {server.keepalive, server.user_timeout}});
  }
  const StreamPool::Options options{.max_attempts = pool.max_attempts,
                                    .max_waiting = pool.max_waiting,
                                    .queue_timeout = pool.queue_timeout,
                                    .connect_timeout = pool.connect_timeout,
                                    .load_by = pool.load_by,
                                    .load_rate = static_cast<double>(pool.load_rate)};
  std::unique_ptr<StreamPool>& streams = stream_pools_[position];
  if (!streams) {
    const StreamPool::Context shared{context_.dispatcher, context_.ledger, context_.books,
                                     context_.metrics,    context_.self,   context_.bells};
    streams = std::make_unique<StreamPool>(shared, position);
  }
  streams->renew(options, std::move(servers));
}

/// Takes as many of its links as are wanted out of `old_links`.
void Roster::assign(LinkMap& old_links, std::size_t member, std::size_t at) {
  const config::Server& server = config_->servers[at];
  if (!server.address || pool_of(at).streams) return;
  const std::string key = key_of(pool_of(at), server);
  for (std::uint32_t n = 0; n < server.links; ++n) {
    auto node = old_links.extract(key);
    context_.dispatcher.assign_link(node.mapped()->id(), member);
    links_.insert(std::move(node));
  }
}

// --- old links -------------------------------------------------------------------------------------

void Roster::bury() {
  const std::size_t before = leaving_.size();
  std::erase_if(leaving_, [this](const std::unique_ptr<ServerLink>& link) {
    if (context_.dispatcher.in_flight_on(link->id()) > 0) return false;
    context_.dispatcher.remove_link(link->id(), context_.loop.now());
    return true;
  });
  if (leaving_.size() == before) return;
  if (leaving_.empty()) leave_patience_.stop();
  let_go();
}

/// What is still in flight on them has had its time.
void Roster::give_up_leaving() {
  for (const auto& link : std::exchange(leaving_, {}))
    context_.dispatcher.remove_link(link->id(), context_.loop.now());
}

// --- rows in the ledger: see ledger/row_lease.h --------------------------------------------------------

void Roster::hold_rows() {
  for (const Place& server : servers_) context_.books.acquire_row(server.row);
}

void Roster::release_rows() {
  parting_.merge(std::exchange(held_, {}));
  for (const Place& server : servers_) {
    held_.insert(server.row);
    parting_.erase(server.row);
  }
}

void Roster::let_go() {
  std::unordered_set<ledger::ServerId> linked;
  for (const auto& link : leaving_) linked.insert(link->server_id());
  std::erase_if(parting_, [&](ledger::ServerId server) {
    if (context_.books.owes(server) || linked.contains(server)) return false;
    context_.books.release_row(server);
    return true;
  });
}

}  // namespace finishline::worker
