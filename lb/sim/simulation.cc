#include "lb/sim/simulation.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <queue>
#include <tuple>
#include <utility>

#include "lb/model/server_queue.h"
#include "lb/sched/hash.h"
#include "lb/sim/adaptive.h"
#include "lb/sim/virtual_books.h"

namespace finishline::sim {
namespace {

/// Apart from the plan, which draws from the seed itself.
constexpr std::uint64_t kPolicyStream = 0x9d1ce;

/// The virtual clock begins here: 0 means "idle" in the books.
constexpr Instant kStart{1s};

/// Whose requests they are, for policies that go by client; nobody records that.
constexpr std::uint64_t kClients = 100;

/// A request is at its server, or its reply is here.
struct RequestEvent {
  Instant at;
  std::size_t assignment;  // what is of one instant happens in the order in which the requests arrived
  std::size_t server;
  bool reply;

  bool operator>(const RequestEvent& other) const {
    return std::tie(at, assignment) > std::tie(other.at, other.assignment);
  }
};

/// The policy of a run: one from beginning to end, or `adaptive`, which hears of every reply.
class Follower {
 public:
  Follower(const Scenario& scenario, const sched::PolicyRow& row, const sched::PolicyParams& params)
      : params_(params) {
    if (row.make == nullptr) adaptive_.emplace(scenario.cost, scenario.servers, scenario.weights, params);
    policy_ = (adaptive_ ? adaptive_->policy() : row).make(params_);
  }

  sched::Policy& policy() { return *policy_; }
  void on_sample(const Sample& sample, Instant now) {
    if (!adaptive_) return;
    adaptive_->observe(sample);
    if (adaptive_->step(now)) policy_ = adaptive_->policy().make(params_);
  }

 private:
  sched::PolicyParams params_;
  std::optional<Adaptive> adaptive_;
  std::unique_ptr<sched::Policy> policy_;
};

class Run {
 public:
  Run(const Scenario& scenario, const sched::PolicyRow& row, const sched::PolicyParams& params,
      std::uint64_t seed)
      : scenario_(scenario),
        follower_(scenario, row, params),
        chance_(seed ^ kPolicyStream),
        books_(scenario.cost, scenario.servers, scenario.weights) {
    for (const ServerSpec& server : scenario.servers) queues_.emplace_back(server.slots);
  }

  /// `requests` in order of time.
  std::vector<Assignment> play(const std::vector<SimRequest>& requests) {
    assignments_.reserve(requests.size());
    for (const SimRequest& request : requests) {
      deliver_until(kStart + request.at);
      arrive(request);
    }
    deliver_until(Instant::max());
    return std::move(assignments_);
  }

 private:
  void arrive(const SimRequest& request) {
    const Instant now = kStart + request.at;
    const sched::Job job{request.type, request.length,
                         sched::mix(sched::mix(assignments_.size()) % kClients)};
    const sched::PoolView view = books_.view(request.type, now);
    const auto server = follower_.policy().pick(view, job, chance_);
    assignments_.push_back({request, server, {}, {}, request.at});
    if (!server) return;
    follower_.policy().picked(*server);
    send(*server, Nanos{view.service(*server, job)}, now);
  }

  /// The request that arrived last goes to this server, where it is expected to take so long.
  void send(std::size_t server, Nanos expected, Instant now) {
    books_.reserve(server, expected, now);
    const std::size_t number = assignments_.size() - 1;
    Assignment& assignment = assignments_[number];
    const double factor = assignment.request.stretch * scenario_.slowness_of(server);
    assignment.expected = expected;
    assignment.service = stretched(expected, factor);
    const RequestEvent sent{now + scenario_.round_trip / 2, number, server, false};
    if (scenario_.round_trip > 0ns)
      events_.push(sent);
    else
      begin(sent);
  }

  void begin(const RequestEvent& event) {
    Assignment& assignment = assignments_[event.assignment];
    const Instant due = queues_[event.server].admit(
        {.connection = 0, .tag = event.assignment, .service = assignment.service}, event.at);
    const Instant back = due + scenario_.round_trip / 2;
    assignment.done = back - kStart;
    events_.push({back, event.assignment, event.server, true});
  }

  /// Replies of an instant come before its arrivals, as a worker reads a reply that is there before it
  /// decides.
  void deliver_until(Instant now) {
    while (!events_.empty() && events_.top().at <= now) {
      const RequestEvent event = events_.top();
      events_.pop();
      event.reply ? deliver(event) : begin(event);
    }
  }

  void deliver(const RequestEvent& reply) {
    model::ServerQueue& queue = queues_[reply.server];
    const Instant left = reply.at - scenario_.round_trip / 2;  // the server
    queue.take_done(left);
    const Assignment& it = assignments_[reply.assignment];
    books_.settle(reply.server, {it.expected, it.service, queue.backlog(left), it.latency()}, reply.at);
    follower_.on_sample(
        {kStart + it.request.at, it.request.type, it.request.length, reply.server, it.service}, reply.at);
  }

  const Scenario& scenario_;
  Follower follower_;
  sched::Random chance_;
  VirtualBooks books_;
  std::vector<model::ServerQueue> queues_;
  std::priority_queue<RequestEvent, std::vector<RequestEvent>, std::greater<>> events_;
  std::vector<Assignment> assignments_;
};

}  // namespace

double Result::ratio() const {
  return lower_bound > 0ns ? to_seconds(makespan) / to_seconds(lower_bound) : 1.0;
}

double Result::mean_latency() const {
  double sum = 0;
  for (const Assignment& assignment : assignments)
    if (assignment.server) sum += to_seconds(assignment.latency());
  const std::size_t answered = assignments.size() - refused;
  return answered > 0 ? sum / static_cast<double>(answered) : 0;
}

Nanos stretched(Nanos span, double factor) {
  return Nanos(std::llround(static_cast<double>(span.count()) * factor));
}

Result result_of(std::vector<Assignment> assignments) {
  Result result;
  result.assignments = std::move(assignments);
  for (const Assignment& assignment : result.assignments) {
    if (!assignment.server)
      ++result.refused;
    else
      result.makespan = std::max(result.makespan, assignment.done);
  }
  return result;
}

Result play(const Scenario& scenario, const std::vector<SimRequest>& requests, const sched::PolicyRow& policy,
            const sched::PolicyParams& params, std::uint64_t seed) {
  return result_of(Run(scenario, policy, params, seed).play(requests));
}

Result run_simulation(const Scenario& scenario, const sched::PolicyRow& policy,
                      const sched::PolicyParams& params, std::uint64_t seed) {
  const auto requests = requests_of(scenario, seed);
  Result result = play(scenario, requests, policy, params, seed);
  result.lower_bound = lower_bound_of(scenario, requests);
  return result;
}

std::vector<std::vector<std::uint64_t>> counts_of(const Result& result, const Scenario& scenario) {
  std::vector<std::vector<std::uint64_t>> counts(
      scenario.servers.size(), std::vector<std::uint64_t>(scenario.cost.request_types().size()));
  for (const Assignment& assignment : result.assignments) {
    if (assignment.server) ++counts[*assignment.server][assignment.request.type];
  }
  return counts;
}

}  // namespace finishline::sim
