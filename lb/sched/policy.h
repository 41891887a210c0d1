// What a balancing policy sees and what it answers. Floor 1: plain numbers in, one index out; no clock,
// no I/O, no atomics, no log. The same objects run in workers, tests and the simulator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "lb/sched/random.h"
#include "lb/sched/unavailable.h"
#include "proto/cost_model.h"
#include "proto/units.h"

namespace finishline::sched {

/// What a request may want of a server beyond its type. A server that cannot is not in the view.
enum Need : std::uint8_t {
  kFrames = 1U << 0,  // it has a body, or a length that the two-byte protocol cannot say
};

/// What the policy may know of one request.
struct Job {
  RequestType type = 0;
  std::uint32_t length = 0;
  std::uint64_t key = 0;   // hash of the client's address, for hashing policies
  std::uint8_t needs = 0;  // of Need

  bool needs_frames() const { return (needs & kFrames) != 0; }
};

/// The columns a policy reads; the others may be empty spans. `finish` and `nanos_per_unit` are always there.
enum Input : unsigned {
  kInFlight = 1U << 0,
  kBacklog = 1U << 1,
  kWeight = 1U << 2,
  kSlots = 1U << 3,
  kIdentity = 1U << 4,
  kResponseTime = 1U << 5
};

/// One pool at one instant, a column per quantity, all of the same size, index = position in the pool.
/// The spans borrow from the caller for the length of the call.
struct PoolView {
  Instant now{};
  /// Finish time in ns of the Instant clock, never before `now`; kUnavailable where there is none.
  std::span<const std::int64_t> finish;
  /// Service time per unit of length for this job's type, ns; +infinity where the type cannot be done.
  std::span<const double> nanos_per_unit;
  std::span<const std::uint32_t> in_flight;       // requests sent and not answered, by all workers
  std::span<const std::int64_t> backlog;          // service time booked and not settled, by all workers, ns
  std::span<const double> weight;                 // configured, > 0
  std::span<const std::uint32_t> slots;           // requests the server works on at once
  std::span<const std::uint64_t> identity{};      // hash of the server's name: the same after a restart
  std::span<const std::int64_t> response_time{};  // as lately seen, ns; 0: not known
  /// How much a server counts while it starts slowly or has failed, (0, 1]; empty while all count in full.
  /// nanos_per_unit holds it already: this is for policies that choose by turns, chance or count.
  std::span<const double> share{};

  std::size_t size() const { return finish.size(); }
  bool can(std::size_t server) const {
    return finish[server] != kUnavailable && nanos_per_unit[server] < std::numeric_limits<double>::infinity();
  }
  /// Precondition: can(server).
  std::int64_t service(std::size_t server, const Job& job) const {
    return service_time(job.length, nanos_per_unit[server]).count();
  }
  /// When the job would be done on this server, ns of the Instant clock; precondition: can(server).
  /// The finish time of a server with k slots is its backlog / k, the mean over its slots: one number that
  /// can be moved by compare-and-swap. The job itself runs on one slot, so all of its service time counts.
  std::int64_t completion(std::size_t server, const Job& job) const {
    return finish[server] + service(server, job);
  }
  double share_of(std::size_t server) const { return share.empty() ? 1.0 : share[server]; }
  /// Requests in flight with one more, for the server's weight and share.
  double crowding(std::size_t server) const {
    return (in_flight[server] + 1.0) / (weight[server] * share_of(server));
  }
};

/// One object serves one pool, whose identities and weights stay what they were at its first pick.
class Policy {
 public:
  virtual ~Policy() = default;
  /// The Input columns that pick() reads beyond finish and nanos_per_unit.
  virtual unsigned inputs() const { return 0; }
  /// Whether what counts is when work will be done: then less of it than it takes to reach one more server
  /// may stay together. Where turns, chance or the client's address decide, it may not.
  virtual bool weighs_time() const { return false; }
  /// The position of the chosen server, for which view.can() holds; nothing when it holds for none.
  /// May be asked again for the same job when another worker was faster: a policy that counts turns
  /// counts in picked().
  virtual std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) = 0;
  /// The last pick was carried out.
  virtual void picked(std::size_t /*server*/) {}
};

}  // namespace finishline::sched
