#include "lb/sim/simulation.h"

#include <queue>
#include <tuple>
#include <utility>

#include "client/lower_bound.h"
#include "lb/sim/virtual_books.h"
#include "servers/queue.h"

namespace finishline::sim {
namespace {

/// Apart from the plan, which draws from the seed itself.
constexpr std::uint64_t kPolicyStream = 0x9d1ce;

/// The virtual clock begins here: 0 means "idle" in the books.
constexpr Instant kStart{1s};

struct Reply {
  Instant at;
  std::size_t assignment;  // replies of one instant come in the order in which the requests arrived
  std::size_t server;

  bool operator>(const Reply& other) const {
    return std::tie(at, assignment) > std::tie(other.at, other.assignment);
  }
};

class Run {
 public:
  Run(const Scenario& scenario, sched::Policy& policy, std::uint64_t seed)
      : policy_(policy), chance_(seed ^ kPolicyStream), books_(scenario.cost, scenario.servers) {
    for (const ServerSpec& server : scenario.servers) queues_.emplace_back(server.slots);
  }

  /// `requests` in order of time.
  std::vector<Assignment> play(std::vector<client::PlannedRequest> requests) {
    assignments_.reserve(requests.size());
    for (const auto& request : requests) {
      deliver_until(kStart + request.at);
      arrive(request);
    }
    deliver_until(Instant::max());
    return std::move(assignments_);
  }

 private:
  void arrive(const client::PlannedRequest& request) {
    const Instant now = kStart + request.at;
    const sched::Job job{request.type, request.length, 0};
    const sched::PoolView view = books_.view(request.type, now);
    const auto server = policy_.pick(view, job, chance_);
    assignments_.push_back({request, server, {}, request.at});
    if (!server) return;
    policy_.picked(*server);
    send(*server, Nanos{view.service(*server, job)}, now);
  }

  /// The request that arrived last goes to this server.
  void send(std::size_t server, Nanos service, Instant now) {
    books_.reserve(server, service, now);
    const std::size_t assignment = assignments_.size() - 1;
    const Instant due = queues_[server].admit({.connection = 0, .tag = assignment, .service = service}, now);
    assignments_[assignment].service = service;
    assignments_[assignment].done = due - kStart;
    replies_.push({due, assignment, server});
  }

  /// Replies of an instant come before its arrivals, as a worker reads a reply that is there before it
  /// decides.
  void deliver_until(Instant now) {
    while (!replies_.empty() && replies_.top().at <= now) {
      const Reply reply = replies_.top();
      replies_.pop();
      server::Queue& queue = queues_[reply.server];
      const Nanos service = queue.take_done(reply.at)->service;
      const Nanos response = assignments_[reply.assignment].latency();
      books_.settle(reply.server, {service, service, queue.backlog(reply.at), response}, reply.at);
    }
  }

  sched::Policy& policy_;
  sched::Random chance_;
  VirtualBooks books_;
  std::vector<server::Queue> queues_;
  std::priority_queue<Reply, std::vector<Reply>, std::greater<>> replies_;
  std::vector<Assignment> assignments_;
};

}  // namespace

double Result::ratio() const {
  return lower_bound > 0ns ? to_seconds(makespan) / to_seconds(lower_bound) : 1.0;
}

Result run_simulation(const Scenario& scenario, const sched::PolicyRow& policy,
                      const sched::PolicyParams& params, std::uint64_t seed) {
  const auto requests = requests_of(scenario, seed);
  Result result;
  result.lower_bound = client::lower_bound(scenario.cost, scenario.servers, requests);
  result.assignments = Run(scenario, *policy.make(params), seed).play(requests);
  for (const Assignment& assignment : result.assignments) {
    if (!assignment.server)
      ++result.refused;
    else
      result.makespan = std::max(result.makespan, assignment.done);
  }
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
