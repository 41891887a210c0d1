#include "lb/sim/idle_time.h"

#include <algorithm>

namespace finishline::sim {
namespace {

enum class Step : std::uint8_t { waits, begins, ends };

struct IdleEvent {
  Instant at;
  Step step;
  RequestType type = 0;
  std::size_t server = 0;
};

/// By server: the least time that a request spent there beyond its service.
std::vector<Nanos> travel_of(const ServedWork& work) {
  std::vector<Nanos> travel(work.servers.size(), Nanos::max());
  for (const Sample& it : work.samples)
    if (it.done > work.from) travel[it.server] = std::min(travel[it.server], spent_otherwise(it, work.from));
  return travel;
}

std::vector<IdleEvent> events_of(const ServedWork& work) {
  const std::vector<Nanos> travel = travel_of(work);
  std::vector<IdleEvent> events;
  for (const Sample& it : work.samples) {
    if (it.done <= work.from) continue;
    const Instant received = std::max(it.received_at, work.from);
    const Instant sent = it.done - it.service - std::max(travel[it.server], Nanos(0));
    events.push_back({received, Step::waits, it.type, it.server});
    events.push_back({std::max(sent, received), Step::begins, it.type, it.server});
    events.push_back({it.done, Step::ends, it.type, it.server});
  }
  std::ranges::stable_sort(events, {}, &IdleEvent::at);
  return events;
}

/// Who is idle and what waits, by server type: servers of a type can do the same.
class IdleSweep {
 public:
  explicit IdleSweep(const ServedWork& work)
      : work_(work),
        waiting_(work.cost.request_types().size()),
        useful_(work.cost.server_types().size()),
        idle_(useful_.size()),
        working_(work.servers.size()) {
    for (const ServerSpec& server : work.servers) idle_[server.type] += server.slots;
  }

  void take(const IdleEvent& event) {
    pass_to(event.at);
    if (event.step == Step::waits && waiting_[event.type]++ == 0) change_use(event.type, 1);
    if (event.step == Step::begins && --waiting_[event.type] == 0) change_use(event.type, -1);
    if (event.step == Step::begins) change_work(event.server, 1);
    if (event.step == Step::ends) change_work(event.server, -1);
  }
  /// Seconds of slots.
  double sum() const { return sum_; }

 private:
  void pass_to(Instant now) {
    const double passed = to_seconds(now - now_);
    for (std::size_t type = 0; type < idle_.size(); ++type)
      if (useful_[type] > 0) sum_ += passed * static_cast<double>(idle_[type]);
    now_ = now;
  }
  void change_use(RequestType request, int by) {
    for (std::size_t type = 0; type < useful_.size(); ++type)
      if (work_.cost.factor(static_cast<ServerType>(type), request)) useful_[type] += by;
  }
  /// More than its slots hold are on their way to the server.
  void change_work(std::size_t server, int by) {
    const ServerSpec& it = work_.servers[server];
    const auto idle = [&] { return std::max<std::int64_t>(it.slots - working_[server], 0); };
    idle_[it.type] -= idle();
    working_[server] += by;
    idle_[it.type] += idle();
  }

  const ServedWork& work_;
  std::vector<std::int64_t> waiting_;  // by request type
  std::vector<int> useful_;            // by server type: request types that wait and that it can do
  std::vector<std::int64_t> idle_;     // by server type: slots
  std::vector<std::int64_t> working_;  // by server
  Instant now_{};
  double sum_ = 0;
};

}  // namespace

std::optional<double> idle_share(const ServedWork& work, Nanos busy) {
  double slots = 0;
  for (const ServerSpec& server : work.servers) slots += server.slots;
  if (busy <= 0ns || slots <= 0) return std::nullopt;
  IdleSweep sweep(work);
  for (const IdleEvent& event : events_of(work)) sweep.take(event);
  return std::clamp(sweep.sum() / (to_seconds(busy) * slots), 0.0, 1.0);
}

}  // namespace finishline::sim
