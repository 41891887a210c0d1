// The servers of one worker: pools and links as a configuration wants them, at the start and after each
// reload. New links are opened first; once each has been tried, one pool after the other changes, each with
// its links in one turn of the loop, and links that are wanted no more finish what is in flight on them. With
// many servers all of this takes many turns, each of them short: net/turn_work.h. Worker process.
//
//   opened --tried--> in use --not wanted any more--> leaving --nothing in flight--> gone
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "lb/net/background.h"
#include "lb/net/timer.h"
#include "lb/net/turn_work.h"
#include "lb/process/server_tls.h"
#include "lb/worker/client_session.h"
#include "lb/worker/roster_link.h"
#include "lb/worker/roster_plan.h"
#include "lb/worker/stream_pool.h"

namespace finishline::worker {

class Roster {
 public:
  struct Context {
    net::Loop& loop;
    net::Background& background;
    Dispatcher& dispatcher;
    ledger::Ledger& ledger;
    ledger::WorkerBooks& books;
    ledger::WorkerMetrics& metrics;
    ledger::WorkerId self;
    const process::Doorbells& bells;
    WorkerCaller& calls;
    process::ServerTls& tls;
    const CostModel& cost;  // outlives the roster; the same in every configuration
    BulkMover& mover;
  };
  /// How long the first try of new links is waited for.
  static constexpr Nanos kFirstTryPatience = 1s;

  Roster(const Context& context, std::uint64_t seed);

  /// Makes the configuration of `plan` the one in force, and then calls `in_force`, later. Its pools are
  /// those of the configuration before, in the same order. Where another change is under way this one comes
  /// after it, and takes the place of one that was to come.
  void change_to(std::unique_ptr<RosterPlan> plan, std::function<void()> in_force);
  /// At the end of each turn: buries the links that have finished.
  void end_turn() {
    if (!leaving_.empty() || !overdue_.empty()) bury();
  }
  /// The worker's bell has rung: see StreamPool::on_bell. Whether scaled servers have come or gone.
  bool on_bell(Instant now) {
    for (const auto& [position, pool] : stream_pools_) pool->on_bell(now);
    return look_at_places();
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
  using LinkMap = std::multimap<std::string, std::unique_ptr<RosterLink>>;
  using Links = std::vector<std::unique_ptr<RosterLink>>;

  bool look_at_places();
  void begin();
  void open_missing(std::size_t at);
  void open_link(std::size_t at);
  std::unique_ptr<RosterLink> frame_link(std::size_t at, std::function<void()> tried);
  std::unique_ptr<RosterLink> http_link(std::size_t at, std::function<void()> tried);
  void on_first_try(std::uint64_t change);
  void put_in_force();
  void take_links(std::size_t at);
  void make_pool(std::size_t position);
  void renew_pool(std::size_t position);
  void hide_unresolved(RequestPool& made, std::size_t position) const;
  void renew_streams(std::size_t position);
  bool dismiss_link();
  void part_with(std::size_t at);
  void finish();
  void bury();
  bool bury_some(Links& links, std::size_t& at, bool even_busy);
  void remove(const RosterLink& link);
  void give_up_leaving();
  void let_go();

  Context context_;
  sched::Random seeds_;
  std::unique_ptr<RosterPlan> plan_;                // in force, or being put in force
  std::unique_ptr<RosterPlan> before_;              // while another is being put in force
  std::unique_ptr<RosterPlan> next_;                // comes after that
  LinkMap links_;                                   // by their keys
  LinkMap old_links_;                               // while pools change: those not taken over yet
  std::vector<std::vector<LinkId>> taken_;          // while pools change: by server
  std::vector<std::unique_ptr<RequestPool>> made_;  // while pools change: by position
  Links leaving_;
  Links overdue_;  // have left for too long
  std::size_t next_leaving_ = 0;
  std::size_t next_overdue_ = 0;
  std::unordered_map<ledger::ServerId, std::uint32_t> leaving_of_;  // how many links that leave, by row
  std::set<ledger::ServerId> parting_;  // rows of servers in use no more that have something in flight
  std::map<std::size_t, std::unique_ptr<StreamPool>> stream_pools_;  // by position
  std::uint64_t change_ = 0;                                         // how many there have been
  std::size_t untried_ = 0;                                          // links opened for this one
  std::function<void()> in_force_;                                   // while a change is under way
  std::function<void()> next_in_force_;
  net::Timer first_try_patience_;
  net::Timer leave_patience_;
  net::Timer bury_again_;
  net::TurnWork work_;
};

/// Where the streams of a listener go by the names in their TLS. Once the roster is in force.
std::vector<StreamRoute> stream_routes(const config::Config& config, const config::Listener& listener,
                                       const Roster& roster);

}  // namespace finishline::worker
