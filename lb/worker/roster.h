// The servers of one worker: pools and links as a configuration wants them, at the start and after each
// reload. New links are opened first; once each has been tried, pools and links change in one turn of the
// loop, and links that are wanted no more finish what is in flight on them. Worker process.
//
//   opened --tried--> in use --not wanted any more--> leaving --nothing in flight--> gone
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lb/config/config.h"
#include "lb/net/timer.h"
#include "lb/worker/server_link.h"
#include "lb/worker/stream_pool.h"

namespace finishline::worker {

class Roster {
 public:
  struct Context {
    net::Loop& loop;
    Dispatcher& dispatcher;
    ledger::Ledger& ledger;
    ledger::WorkerBooks& books;
    ledger::WorkerMetrics& metrics;
    ledger::WorkerId self;
    const process::Doorbells& bells;
    const CostModel& cost;  // outlives the roster; the same in every configuration
  };
  /// How long the first try of new links is waited for.
  static constexpr Nanos kFirstTryPatience = 1s;

  Roster(const Context& context, std::uint64_t seed);

  /// Makes `config` the one in force, and then calls `in_force`, now or later. Its pools are those of the
  /// configuration before, in the same order; every server has its row in the ledger. `config` lives until
  /// the next change.
  void change_to(const config::Config& config, std::function<void()> in_force);
  /// At the end of each turn: buries the links that have finished.
  void end_turn() {
    if (!leaving_.empty()) bury();
  }
  /// The worker's bell has rung: see StreamPool::on_bell.
  void on_bell(Instant now) {
    for (const auto& [position, pool] : stream_pools_) pool->on_bell(now);
  }
  /// Every few milliseconds: see StreamPool::tick.
  void tick(Instant now) {
    for (const auto& [position, pool] : stream_pools_) pool->tick(now);
    if (!parting_.empty()) let_go();
  }
  /// The pool of streams at this position, for as long as the roster lives; nullptr for one of requests.
  StreamPool* streams(std::size_t position) const {
    const auto found = stream_pools_.find(position);
    return found == stream_pools_.end() ? nullptr : found->second.get();
  }

 private:
  using LinkMap = std::multimap<std::string, std::unique_ptr<ServerLink>>;

  /// Of a server of the configuration.
  struct Place {
    ledger::ServerId row = 0;
    std::size_t pool = 0;
  };

  void find_places();
  const config::Pool& pool_of(std::size_t at) const { return config_->pools[servers_[at].pool]; }
  void open_missing();
  void open_link(std::size_t at, const std::string& key);
  void on_first_try(std::uint64_t change);
  void put_in_force();
  void renew_pool(std::size_t position);
  void hide_unresolved(Pool& made, const config::Pool& pool) const;
  void renew_streams(std::size_t position);
  void assign(LinkMap& old_links, std::size_t member, std::size_t at);
  void bury();
  void give_up_leaving();
  void hold_rows();
  void release_rows();
  void let_go();

  Context context_;
  sched::Random seeds_;
  const config::Config* config_ = nullptr;
  std::vector<Place> servers_;  // of the configuration, in its order
  std::vector<std::vector<std::size_t>>
      pools_;      // positions in it of the servers of each pool, its members in order
  LinkMap links_;  // by what they connect to
  std::vector<std::unique_ptr<ServerLink>> leaving_;
  std::set<ledger::ServerId> held_;     // rows of the servers in use
  std::set<ledger::ServerId> parting_;  // of those that are not any more and have something in flight
  std::map<std::size_t, std::unique_ptr<StreamPool>> stream_pools_;  // by position
  std::uint64_t change_ = 0;                                         // how many there have been
  std::size_t untried_ = 0;                                          // links opened for this one
  std::function<void()> in_force_;
  net::Timer first_try_patience_;
  net::Timer leave_patience_;
};

}  // namespace finishline::worker
