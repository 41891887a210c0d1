// The pure half of the policy `adaptive`: hears of requests as they are served and says which policy would
// have served the latest of them best, by simulating each candidate on them. The same object decides for
// running pools (control process) and in the simulator.
//
// What is best. A batch is judged by its makespan, open traffic by its mean latency, and nobody says which of
// the two a pool is given; besides, a makespan 5 % longer is about as bad as a latency 10 % longer. So each
// candidate is measured against the best makespan M and the best mean latency L that any candidate has on
// these requests:
//
//   regret = max((makespan / M - 1) / 5 %, (latency / L - 1) / 10 %)
//
// and the least regret wins: 1 means "at the limit of what is promised". For a batch the first term decides,
// for open traffic, whose makespan ends with its last arrival whatever the policy, the second.
//
// The model is fed with what was seen: how long servers really took against what their configuration says
// (slowness, by server), and how long each request really was against its declared length (stretch). So a
// pool whose lengths mean nothing, or whose servers are not what they are said to be, shows it here.
//
// What was measured before counts on, fading: makespans and latencies are averaged over the last thoughts, as
// they are, in seconds. So hours of calm traffic do not outvote the busy minute in which the choice matters
// more.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "lb/sched/policies.h"
#include "lb/sim/scenario.h"
#include "lb/sim/traits.h"

namespace finishline::sim {

/// Requests that a decision is based on, and new ones until it is thought over.
inline constexpr std::size_t kWindow = 768;
inline constexpr std::size_t kNewSamples = 128;
/// Requests that the model plays: the same ones again and again, as queues build up when traffic goes on, and
/// from the second time on so many times denser. Some policies are fine until it gets a little busier, and
/// then fail.
inline constexpr std::size_t kPlayed = 1536;
inline constexpr double kDenser = 1.08;
/// From one thought to the next, with so much more per server and candidate, as it costs so much more.
inline constexpr Nanos kPause = 200ms;
inline constexpr Nanos kPausePerSimulation = 100us;
/// The weight of what was measured last against all before.
inline constexpr double kNewest = 0.25;
/// A policy stays for this long at least.
inline constexpr Nanos kStay = 1s;
/// By how much regret a candidate must be better than the policy in force; with half a window eight times as
/// much, because few requests are easily not like those to come.
inline constexpr double kMargin = 0.5;

class Adaptive {
 public:
  /// `weights` by server, or empty. Begins with the first candidate.
  Adaptive(CostModel cost, std::vector<ServerSpec> servers, std::vector<double> weights,
           sched::PolicyParams params);

  /// Of another configuration from now on. What was seen of servers that stay, by their numbers, counts on,
  /// and so do the scores of candidates that stay.
  void change_to(CostModel cost, std::vector<ServerSpec> servers, std::vector<double> weights,
                 sched::PolicyParams params);

  const sched::PolicyRow& policy() const { return *policy_; }
  /// Begins with this one instead, or goes on from it after a restart.
  void start_with(const sched::PolicyRow& policy) { policy_ = &policy; }

  /// Whether this server is given work now; all are at first. The model has only those that are.
  void set_available(std::size_t server, bool available) { available_[server] = available ? 1 : 0; }
  /// In the order of the replies.
  void observe(const Sample& sample);
  /// True when policy() has changed; reason() says why. To be called as often as is convenient.
  bool step(Instant now);
  const std::string& reason() const { return reason_; }

 private:
  struct Score {
    const sched::PolicyRow* policy = nullptr;
    double makespan = 0;  // seconds, faded mean
    double latency = 0;   // of the mean latency the same
    double regret = 0;
  };

  void keep_samples(const std::vector<ServerSpec>& servers);
  void keep_scores();
  bool due(Instant now) const;
  double margin() const;
  void add_servers(Scenario& recent, const Traits& traits) const;
  Scenario window(const Traits& traits, std::vector<Sample> samples) const;
  void measure(const Scenario& recent);
  void compare();
  std::string explain(const Score& best, const Score& current, const Traits& traits) const;

  CostModel cost_;
  std::vector<ServerSpec> servers_;
  std::vector<double> weights_;
  std::vector<std::uint8_t> available_;
  sched::PolicyParams params_;
  std::vector<Score> scores_;  // one per candidate
  const sched::PolicyRow* policy_;
  std::deque<Sample> samples_;
  std::size_t new_samples_ = 0;
  std::uint64_t thoughts_ = 0;
  Instant evaluated_at_{};
  Instant changed_at_{};
  std::string reason_;
};

}  // namespace finishline::sim
