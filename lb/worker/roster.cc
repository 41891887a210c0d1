#include "lb/worker/roster.h"

#include <algorithm>
#include <utility>

#include "lb/config/memory.h"
#include "lb/ledger/pool_row.h"
#include "lb/worker/http_link.h"
#include "lb/worker/server_link.h"

namespace finishline::worker {
namespace {

/// To close a connection takes system calls: so many a turn.
constexpr std::size_t kBuriedPerTurn = 64;

/// A configuration of many servers takes long to take apart.
class Disposal final : public net::Background::Job {
 public:
  explicit Disposal(std::unique_ptr<RosterPlan> plan) : plan_(std::move(plan)) {}
  void work() override { plan_.reset(); }

 private:
  std::unique_ptr<RosterPlan> plan_;
};

/// One of HTTP has all connections of its server.
std::uint32_t links_of(const config::Server& server) {
  return server.protocol == config::Mode::http ? 1 : server.links;
}

}  // namespace

Roster::Roster(const Context& context, std::uint64_t seed)
    : context_(context),
      seeds_(seed),
      first_try_patience_(context.loop, [this] { put_in_force(); }),
      leave_patience_(context.loop, [this] { give_up_leaving(); }),
      bury_again_(context.loop, [] {}),
      work_(context.loop) {}

void Roster::change_to(std::unique_ptr<RosterPlan> plan, std::function<void()> in_force) {
  next_ = std::move(plan);
  next_in_force_ = std::move(in_force);
  if (!in_force_) begin();
}

/// Of scaled servers.
bool Roster::look_at_places() {
  bool changed = false;
  for (const LinkMap* const links : {&links_, &old_links_})
    for (const auto& [key, link] : *links) changed |= link->look_at_place();
  return changed;
}

/// Rows first: nothing is written about a server before its row is held.
void Roster::begin() {
  before_ = std::exchange(plan_, std::move(next_));
  in_force_ = std::exchange(next_in_force_, nullptr);
  ++change_;
  untried_ = 1;  // ourselves, until all have been begun
  work_.add_each(plan_->servers.size(), [this](std::size_t at) { open_missing(at); });
  work_.add([this] {
    first_try_patience_.start(kFirstTryPatience);
    on_first_try(change_);
    return false;
  });
}

// --- new links -------------------------------------------------------------------------------------

void Roster::open_missing(std::size_t at) {
  const RosterPlan::Place& place = plan_->servers[at];
  parting_.erase(place.row);
  context_.books.acquire_row(place.row);
  if (place.link_key.empty()) return;
  const std::uint32_t wanted = links_of(plan_->config->servers[at]);
  for (std::size_t n = links_.count(place.link_key); n < wanted; ++n) open_link(at);
}

void Roster::open_link(std::size_t at) {
  const bool http = plan_->config->servers[at].protocol == config::Mode::http;
  const auto tried = [this, change = change_] { on_first_try(change); };
  auto link = http ? http_link(at, tried) : frame_link(at, tried);
  ++untried_;
  link->connect();
  links_.emplace(plan_->servers[at].link_key, std::move(link));
}

/// Of frames, or of the two-byte protocol.
std::unique_ptr<RosterLink> Roster::frame_link(std::size_t at, std::function<void()> tried) {
  const config::Server& server = plan_->config->servers[at];
  const config::Pool& pool = plan_->pool_of(at);
  const RosterPlan::Place& place = plan_->servers[at];
  ServerLink::Options options{.server = server.name,
                              .address = server.address,
                              .sources = net::SourceAddresses(server.sources, links_.size()),
                              .mini = server.protocol == config::Mode::mini,
                              .max_body = config::largest_reply(*plan_->config, pool),
                              .max_buffer = server.max_buffer,
                              .tcp_timeouts = {server.keepalive, server.user_timeout},
                              .ping_after = pool.link_ping,
                              .ping_timeout = pool.check_timeout,
                              .server_id = place.row,
                              .tls = context_.tls.of(server),
                              .scaled = server.scaled ? &context_.ledger : nullptr};
  return std::make_unique<ServerLink>(context_.loop, context_.dispatcher, context_.metrics, place.pool,
                                      std::move(options), seeds_.next(), std::move(tried));
}

std::unique_ptr<RosterLink> Roster::http_link(std::size_t at, std::function<void()> tried) {
  const config::Server& server = plan_->config->servers[at];
  const RosterPlan::Place& place = plan_->servers[at];
  HttpLink::Options options{.server = server.name,
                            .address = server.address,
                            .sources = net::SourceAddresses(server.sources, links_.size()),
                            .host = server.bind.starts_with("unix:") ? "localhost" : server.bind,
                            .path = server.path,
                            .slots = server.slots,
                            .max_body = config::largest_reply(*plan_->config, plan_->pool_of(at)),
                            .max_buffer = server.max_buffer,
                            .tcp_timeouts = {server.keepalive, server.user_timeout},
                            .server_id = place.row,
                            .tls = context_.tls.of(server),
                            .cost = &context_.cost,
                            .ledger = &context_.ledger,
                            .worker = context_.self,
                            .scaled = server.scaled,
                            .caller = &context_.calls};
  return std::make_unique<HttpLink>(context_.loop, context_.dispatcher, context_.metrics, place.pool,
                                    std::move(options), seeds_.next(), std::move(tried));
}

/// Of a link that was opened for this change; those of earlier ones are waited for no longer.
void Roster::on_first_try(std::uint64_t change) {
  if (change == change_ && --untried_ == 0 && first_try_patience_.active()) put_in_force();
}

// --- the change ------------------------------------------------------------------------------------

/// What can be made ready before the pools change is: of that, a turn has little to do for each server.
void Roster::put_in_force() {
  first_try_patience_.stop();
  const std::size_t servers = plan_->servers.size(), pools = plan_->pools.size();
  old_links_ = std::exchange(links_, {});
  taken_.assign(servers, {});
  made_.resize(pools);
  work_.add_each(servers, [this](std::size_t at) { take_links(at); });
  work_.add_each(pools, [this](std::size_t position) { make_pool(position); });
  work_.add_each(pools, [this](std::size_t position) { renew_pool(position); });
  work_.add([this] { return dismiss_link(); });
  if (before_) work_.add_each(before_->servers.size(), [this](std::size_t at) { part_with(at); });
  work_.add([this] {
    finish();
    return false;
  });
}

/// Takes over the links that there are, up to the number that is wanted; further ones stay for now.
void Roster::take_links(std::size_t at) {
  const std::string& key = plan_->servers[at].link_key;
  if (key.empty()) return;
  for (std::uint32_t n = 0; n < links_of(plan_->config->servers[at]); ++n) {
    auto node = old_links_.extract(key);
    taken_[at].push_back(node.mapped()->id());
    links_.insert(std::move(node));
  }
}

void Roster::make_pool(std::size_t position) {
  const config::Pool& pool = plan_->config->pools[position];
  const auto row = ledger::find_pool(context_.ledger, pool.name);
  made_[position] = std::make_unique<RequestPool>(
      RequestPool::Options{.name = pool.name,
                           .policy = std::string(sched::first_rule(pool.policy, pool.candidates).name),
                           .params = {.gamma = pool.gamma},
                           .timeout = pool.timeout,
                           .max_attempts = pool.max_attempts,
                           .retry_wait = pool.retry_wait,
                           .coalesce = pool.coalesce,
                           .max_backlog = pool.max_backlog,
                           .rebalance_gap = pool.rebalance_gap,
                           .rebalance_load = pool.rebalance_load,
                           .late = pool.binds_late(),
                           .has_seat = pool.has_seat() && row.has_value(),
                           .matching = {.order = pool.order, .aging = pool.aging},
                           .mark = pool.mark,
                           .priorities = pool.priorities,
                           .admits_by_deadline = pool.admit == config::Admit::deadline,
                           .max_ahead = pool.max_ahead_of_client(),
                           .wait_when_full = pool.when_full == config::WhenFull::wait,
                           .max_waiting = pool.max_waiting,
                           .streams = pool.streams,
                           .notes_costs = pool.learn != config::Learn::off && row.has_value(),
                           .learns_costs = pool.learn == config::Learn::on && row.has_value(),
                           .row = row.value_or(0),
                           .orders = row ? ledger::PoolOrders(context_.ledger, *row) : ledger::PoolOrders()},
      std::move(plan_->members[position]), context_.cost, context_.books, context_.metrics, seeds_.next());
  hide_unresolved(*made_[position], position);
}

/// Who has no address is out of reach; a server of requests is so without a link.
void Roster::hide_unresolved(RequestPool& made, std::size_t position) const {
  const std::vector<std::size_t>& members = plan_->pools[position];
  for (std::size_t member = 0; member < members.size(); ++member)
    if (!plan_->config->servers[members[member]].address) made.set_reach(member, false);
}

void Roster::renew_pool(std::size_t position) {
  RequestPool made = std::move(*std::exchange(made_[position], nullptr));
  if (position < context_.dispatcher.pools()) {
    context_.dispatcher.replace_pool(position, std::move(made));
  } else {
    context_.dispatcher.add_pool(std::move(made));
  }
  const std::vector<std::size_t>& members = plan_->pools[position];
  for (std::size_t member = 0; member < members.size(); ++member)
    for (const LinkId link : taken_[members[member]]) context_.dispatcher.assign_link(link, member);
  if (plan_->config->pools[position].streams) renew_streams(position);
}

void Roster::renew_streams(std::size_t position) {
  const config::Pool& pool = plan_->config->pools[position];
  const StreamPool::Options options{.name = pool.name,
                                    .max_attempts = pool.max_attempts,
                                    .max_waiting = pool.max_waiting.value_or(config::Pool::kMostWaiting),
                                    .queue_timeout = pool.queue_timeout,
                                    .connect_timeout = pool.connect_timeout,
                                    .load_by = pool.load_by,
                                    .load_rate = static_cast<double>(pool.load_rate),
                                    .bulk = pool.bulk};
  std::unique_ptr<StreamPool>& streams = stream_pools_[position];
  if (!streams) {
    const StreamPool::Context shared{context_.dispatcher, context_.ledger, context_.books, context_.metrics,
                                     context_.self,       context_.bells,  &context_.mover};
    streams = std::make_unique<StreamPool>(shared, position);
  }
  std::vector<StreamPool::Server>& servers = plan_->streams[position];
  for (std::size_t i = 0; i < servers.size(); ++i)
    servers[i].tls = context_.tls.of(plan_->config->servers[plan_->pools[position][i]]);
  streams->renew(options, std::move(servers));
}

/// One that nobody has taken over; false: that was the last.
bool Roster::dismiss_link() {
  if (old_links_.empty()) return false;
  auto node = old_links_.extract(old_links_.begin());
  ++leaving_of_[node.mapped()->server_id()];
  leaving_.push_back(std::move(node.mapped()));
  return !old_links_.empty();
}

/// The row of a server of the configuration before is not held for this one.
void Roster::part_with(std::size_t at) {
  const ledger::ServerId row = before_->servers[at].row;
  if (!plan_->has_row(row)) parting_.insert(row);
}

void Roster::finish() {
  if (const Nanos patience = plan_->config->proxy.reload_timeout; !leaving_.empty() && patience > 0ns)
    leave_patience_.start(patience);
  taken_ = {};
  if (leaving_.empty()) let_go();
  if (before_) context_.background.run(std::make_unique<Disposal>(std::move(before_)));
  std::exchange(in_force_, nullptr)();
  if (next_) begin();
}

// --- old links -------------------------------------------------------------------------------------

void Roster::bury() {
  const bool some = bury_some(overdue_, next_overdue_, true) | bury_some(leaving_, next_leaving_, false);
  if (leaving_.empty()) leave_patience_.stop();
  if (!some) return;
  if (!leaving_.empty() || !overdue_.empty())
    return bury_again_.start(0ns);  // where nothing else turns the loop
  let_go();
}

/// Looks at the next few; whether there was one to be buried.
bool Roster::bury_some(Links& links, std::size_t& at, bool even_busy) {
  bool some = false;
  for (std::size_t looks = std::min(kBuriedPerTurn, links.size()); looks > 0; --looks) {
    if (at >= links.size()) at = 0;
    if (!even_busy && context_.dispatcher.in_flight_on(links[at]->id()) > 0) {
      ++at;
      continue;
    }
    const auto link = std::exchange(links[at], std::move(links.back()));
    links.pop_back();
    remove(*link);
    some = true;
  }
  return some;
}

void Roster::remove(const RosterLink& link) {
  context_.dispatcher.remove_link(link.id(), context_.loop.now());
  const auto left = leaving_of_.find(link.server_id());
  if (--left->second == 0) leaving_of_.erase(left);
}

/// What is still in flight on them has had its time.
void Roster::give_up_leaving() {
  for (auto& link : std::exchange(leaving_, {})) overdue_.push_back(std::move(link));
}

// --- rows in the ledger: see ledger/row_lease.h ------------------------------------------------------

void Roster::let_go() {
  std::erase_if(parting_, [&](ledger::ServerId server) {
    if (context_.books.owes(server) || leaving_of_.contains(server)) return false;
    context_.books.release_row(server);
    return true;
  });
}

std::vector<StreamRoute> stream_routes(const config::Config& config, const config::Listener& listener,
                                       const Roster& roster) {
  std::vector<StreamRoute> routes;
  for (const auto& [name, pool] : listener.sni) {
    const std::size_t position = config.pool_index(pool);
    routes.push_back({name, position, roster.streams(position)});
  }
  return routes;
}

}  // namespace finishline::worker
