#include "lb/sim/late_simulation.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <tuple>
#include <utility>

#include "lb/model/server_queue.h"
#include "lb/sched/cost_learner.h"
#include "lb/sched/mark.h"
#include "lb/sched/planner.h"
#include "lb/sim/virtual_books.h"

namespace finishline::sim {
namespace {

constexpr std::uint64_t kRuleStream = 0x1a7e;
constexpr std::uint64_t kErrorStream = 0xe44;
constexpr Instant kStart{1s};  // 0 means "idle" in the books
constexpr Nanos kMemo = 1ms;   // nobody calls again for a server for so long
constexpr int kMostHops = 2;   // of one call

/// In this order at one instant: replies before what they make room for.
enum class Happening : std::uint8_t { reached_server, reply, alarm, called, plan, learn, tick };

struct BindingEvent {
  Instant at;
  Happening what;
  std::uint64_t number;  // of the event
  std::size_t server = 0;
  std::uint16_t worker = 0;
  std::size_t assignment = 0;
  int hops = 0;

  bool operator>(const BindingEvent& other) const {
    return std::tie(at, what, number) > std::tie(other.at, other.what, other.number);
  }
};

sched::PoolCosts costs_of(const Scenario& scenario) {
  std::vector<sched::PooledServer> servers;
  for (const ServerSpec& server : scenario.servers)
    servers.push_back({.type = server.type, .speed = server.speed, .slots = server.slots});
  return sched::pool_costs(scenario.cost, servers);
}

/// About normal: mean 0, variance 1.
double normal(sched::Random& chance) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += chance.unit();
  return sum;
}

/// As somebody has written them down who did not know.
sched::PoolCosts wrong_costs(sched::PoolCosts costs, double wrong, std::uint64_t seed) {
  sched::Random chance(seed ^ kErrorStream);
  std::vector<double> by_group, by_server;
  for (std::size_t i = 0; i < costs.groups() * costs.types; ++i)
    by_group.push_back(std::exp(wrong * normal(chance)));
  for (std::size_t i = 0; i < costs.servers.size(); ++i)
    by_server.push_back(std::exp(wrong * 4 / 7 * normal(chance)));
  for (std::size_t type = 0; type < costs.types; ++type) {
    for (std::size_t server = 0; server < by_server.size(); ++server)
      costs.nanos_per_unit[type * by_server.size() + server] *=
          by_group[costs.servers[server].group * costs.types + type] * by_server[server];
  }
  return costs;
}

class LateRun {
 public:
  LateRun(const Scenario& scenario, const LateBindingParams& late, std::uint64_t seed)
      : scenario_(scenario),
        late_(late),
        chance_(seed ^ kRuleStream),
        books_(scenario.cost, scenario.servers, scenario.weights),
        real_(costs_of(scenario)),
        matching_(late.rule, late.wrong > 0 ? wrong_costs(real_, late.wrong, seed) : real_),
        planner_(matching_.costs()),
        learner_(matching_.costs()),
        marks_(scenario.servers.size()),
        called_at_(scenario.servers.size()),
        refused_(scenario.servers.size()),
        arrived_(matching_.costs().types),
        requests_(matching_.costs().types) {
    for (const ServerSpec& server : scenario.servers) queues_.emplace_back(server.slots);
    for (std::uint32_t worker = 0; worker < late.workers; ++worker)
      waiting_.emplace_back(matching_.costs().types, static_cast<std::uint16_t>(worker));
  }

  std::vector<Assignment> play(const std::vector<SimRequest>& requests) {
    assignments_.reserve(requests.size());
    for (const SimRequest& request : requests) {
      happen_until(kStart + request.at);
      arrive(request);
    }
    happen_until(Instant::max());
    return std::move(assignments_);
  }

 private:
  // --- what happens -------------------------------------------------------------------------------
  void schedule(Nanos after, BindingEvent event) {
    event.at = now_ + after;
    event.number = events_made_++;
    events_.push(event);
  }

  void happen_until(Instant limit) {
    while (!events_.empty() && events_.top().at <= limit) {
      const BindingEvent event = events_.top();
      events_.pop();
      now_ = event.at;
      happen(event);
    }
    if (limit != Instant::max()) now_ = limit;
  }

  void happen(const BindingEvent& event) {
    switch (event.what) {
      case Happening::reached_server:
        return begin(event);
      case Happening::reply:
        return settle(event);
      case Happening::alarm:
        return pull(event.worker, event.server, 0);
      case Happening::called:
        return pull(event.worker, event.server, event.hops);
      case Happening::plan:
        return plan();
      case Happening::learn:
        return learn();
      case Happening::tick:
        return tick();
    }
  }

  void arrive(const SimRequest& request) {
    assignments_.push_back({request, std::nullopt, {}, {}, request.at});
    if (!can_be_done(request.type)) return;
    const auto worker = static_cast<std::uint16_t>(chance_.below(late_.workers));
    arrived_[request.type] += request.length;
    ++requests_[request.type];
    ++open_;
    waiting_[worker].push(take_handle(), {.key = matching_.key_of(now_, request.type, request.length),
                                          .length = request.length,
                                          .type = request.type});
    start_clocks();
    for (const std::size_t server : by_cost(request.type)) pull(worker, server, 0);
  }

  bool can_be_done(RequestType type) {
    const sched::PoolView view = books_.view(type, now_);
    for (std::size_t server = 0; server < view.size(); ++server)
      if (view.can(server)) return true;
    return false;
  }

  /// The servers with room, the cheapest for this type first, then those with least to do, equals in any
  /// order.
  std::vector<std::size_t> by_cost(RequestType type) {
    const sched::PoolView view = books_.view(type, now_);
    std::vector<std::tuple<double, std::int64_t, std::uint64_t, std::size_t>> rooms;
    for (std::size_t server = 0; server < view.size(); ++server) {
      if (has_room(view, server))
        rooms.emplace_back(matching_.costs().cost(server, type), view.finish[server], chance_.next(), server);
    }
    std::sort(rooms.begin(), rooms.end());
    std::vector<std::size_t> servers;
    for (const auto& room : rooms) servers.push_back(std::get<3>(room));
    return servers;
  }

  void begin(const BindingEvent& event) {
    const Instant due = queues_[event.server].admit(
        {.connection = 0, .tag = event.assignment, .service = assignments_[event.assignment].service}, now_);
    schedule(due - now_ + scenario_.round_trip / 2, {.at = {},
                                                     .what = Happening::reply,
                                                     .number = 0,
                                                     .server = event.server,
                                                     .worker = event.worker,
                                                     .assignment = event.assignment});
  }

  void settle(const BindingEvent& event) {
    Assignment& it = assignments_[event.assignment];
    const Instant left = now_ - scenario_.round_trip / 2;  // the server
    model::ServerQueue& queue = queues_[event.server];
    queue.take_done(left);
    it.done = now_ - kStart;
    --open_;
    books_.settle(event.server, {it.expected, it.service, queue.backlog(left), it.latency()}, now_);
    if (late_.learn)
      learner_.observe(event.server, it.request.type, it.request.length, it.service, it.latency(), now_);
    marks_[event.server].served(it.expected, it.service);
    marks_[event.server].travelled(scenario_.round_trip);
    pull(event.worker, event.server, 0);
    arm(event.worker, event.server);
    ask_again(event.worker);
  }

  // --- clocks -------------------------------------------------------------------------------------
  void start_clocks() {
    if (!std::exchange(planning_, true)) schedule(0ns, {.at = {}, .what = Happening::plan, .number = 0});
    if (late_.learn && !std::exchange(learning_, true))
      schedule(late_.learn_every, {.at = {}, .what = Happening::learn, .number = 0});
    if (!std::exchange(ticking_, true))
      schedule(late_.tick, {.at = {}, .what = Happening::tick, .number = 0});
  }

  void plan() {
    std::vector<double> waiting(matching_.costs().types, 0.0);
    for (const sched::WaitingQueue& queue : waiting_) {
      for (const sched::WaitLane& lane : queue.lanes())
        waiting[lane.type] += static_cast<double>(lane.volume);
    }
    matching_.follow(planner_.plan_of({.now = now_,
                                       .finish = books_.view(0, now_).finish,
                                       .waiting = waiting,
                                       .arrived = arrived_,
                                       .requests = requests_}));
    planning_ = open_ > 0;
    if (planning_) schedule(late_.plan_every, {.at = {}, .what = Happening::plan, .number = 0});
  }

  void tick() {
    for (std::uint16_t worker = 0; worker < waiting_.size(); ++worker) {
      if (waiting_[worker].size() == 0) continue;
      for (std::size_t server = 0; server < queues_.size(); ++server) pull(worker, server, 0);
    }
    ticking_ = waits();
    if (ticking_) schedule(late_.tick, {.at = {}, .what = Happening::tick, .number = 0});
  }

  void learn() {
    matching_.set_costs(learner_.publish(now_));
    planner_.set_costs(matching_.costs());
    learning_ = open_ > 0;
    if (learning_) schedule(late_.learn_every, {.at = {}, .what = Happening::learn, .number = 0});
  }

  bool waits() const {
    return std::ranges::any_of(waiting_, [](const sched::WaitingQueue& queue) { return queue.size() > 0; });
  }

  /// The worker looks again when the server will have room.
  void arm(std::uint16_t worker, std::size_t server) {
    const sched::PoolView view = books_.view(0, now_);
    if (view.in_flight[server] == 0) return;
    const Nanos until = Nanos{view.finish[server]} - now_.time_since_epoch() - mark_of(server);
    if (until > 0ns)
      schedule(until, {.at = {}, .what = Happening::alarm, .number = 0, .server = server, .worker = worker});
  }

  // --- who serves whom ----------------------------------------------------------------------------
  Nanos mark_of(std::size_t server) const { return late_.mark ? *late_.mark : marks_[server].room(); }

  bool has_room(const sched::PoolView& view, std::size_t server) const {
    return sched::has_room(view.finish[server], now_.time_since_epoch().count(), view.in_flight[server],
                           view.slots[server], mark_of(server));
  }

  /// A worker gives the server what it should do next, for as long as it has room, or calls who has that.
  void pull(std::uint16_t worker, std::size_t server, int hops) {
    while (waits()) {
      const sched::PoolView view = books_.view(0, now_);
      if (!has_room(view, server)) return;
      const auto choice = choose(worker, server, view);
      refused_[server] = !choice;
      if (!choice) return;
      if (choice->worker != worker) return call(choice->worker, server, hops);
      send(worker, server, choice->handle);
    }
  }

  /// Servers that had better wait, before another was given work.
  void ask_again(std::uint16_t worker) {
    for (std::size_t server = 0; server < refused_.size() && waits(); ++server)
      if (refused_[server] != 0) pull(worker, server, 0);
  }

  std::optional<sched::Choice> choose(std::uint16_t worker, std::size_t server, const sched::PoolView& view) {
    lanes_.clear();
    for (const sched::WaitingQueue& queue : waiting_)
      lanes_.insert(lanes_.end(), queue.lanes().begin(), queue.lanes().end());
    const bool idle_slot = view.in_flight[server] < view.slots[server];
    return matching_.choose({.server = server,
                             .now = now_,
                             .start = idle_slot ? now_ : Instant{Nanos{view.finish[server]}},
                             .finish = view.finish,
                             .lanes = lanes_,
                             .own = &waiting_[worker],
                             .worker = worker,
                             .urgent_within = 2 * mark_of(server)},
                            chance_);
  }

  void call(std::uint16_t worker, std::size_t server, int hops) {
    if (hops >= kMostHops || now_ - called_at_[server] < kMemo) return;
    called_at_[server] = now_;
    schedule(late_.wake_up, {.at = {},
                             .what = Happening::called,
                             .number = 0,
                             .server = server,
                             .worker = worker,
                             .assignment = 0,
                             .hops = hops + 1});
  }

  void send(std::uint16_t worker, std::size_t server, std::uint32_t handle) {
    waiting_[worker].remove(handle);
    const std::size_t number = std::exchange(by_handle_[handle], 0);
    free_.push_back(handle);
    Assignment& it = assignments_[number];
    it.server = server;
    it.expected = service_time(it.request.length, matching_.costs().cost(server, it.request.type));
    const Nanos real = service_time(it.request.length, real_.cost(server, it.request.type));
    it.service = stretched(real, it.request.stretch * scenario_.slowness_of(server));
    books_.reserve(server, it.expected, now_);
    called_at_[server] = {};
    const BindingEvent sent{.at = {},
                            .what = Happening::reached_server,
                            .number = 0,
                            .server = server,
                            .worker = worker,
                            .assignment = number};
    if (scenario_.round_trip > 0ns)
      schedule(scenario_.round_trip / 2, sent);
    else
      begin(sent);
    arm(worker, server);
  }

  std::uint32_t take_handle() {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(by_handle_.size()));
      by_handle_.push_back(0);
    }
    const std::uint32_t handle = free_.back();
    free_.pop_back();
    by_handle_[handle] = assignments_.size() - 1;
    return handle;
  }

  const Scenario& scenario_;
  const LateBindingParams& late_;
  sched::Random chance_;
  VirtualBooks books_;
  sched::PoolCosts real_;
  sched::Matching matching_;
  sched::Planner planner_;
  sched::CostLearner learner_;
  std::vector<sched::Mark> marks_;
  std::vector<Instant> called_at_;
  std::vector<std::uint8_t> refused_;  // had room, and was left idle
  std::vector<std::uint64_t> arrived_, requests_;
  std::vector<model::ServerQueue> queues_;
  std::vector<sched::WaitingQueue> waiting_;  // by worker
  std::vector<sched::WaitLane> lanes_;
  std::vector<std::size_t> by_handle_;  // the assignment
  std::vector<std::uint32_t> free_;     // handles
  std::priority_queue<BindingEvent, std::vector<BindingEvent>, std::greater<>> events_;
  std::uint64_t events_made_ = 0;
  std::vector<Assignment> assignments_;
  Instant now_ = kStart;
  std::size_t open_ = 0;  // requests that have arrived and are not answered
  bool planning_ = false, ticking_ = false, learning_ = false;
};

}  // namespace

Result play_late(const Scenario& scenario, const std::vector<SimRequest>& requests,
                 const LateBindingParams& late, std::uint64_t seed) {
  return result_of(LateRun(scenario, late, seed).play(requests));
}

Result run_late(const Scenario& scenario, const LateBindingParams& late, std::uint64_t seed) {
  const auto requests = requests_of(scenario, seed);
  Result result = play_late(scenario, requests, late, seed);
  result.lower_bound = lower_bound_of(scenario, requests);
  return result;
}

}  // namespace finishline::sim
