// What servers really cost, learned from their replies. Control process and simulator; pure.
//
//   ln(service) = ln(declared cost * length) + u[server] + w[group, type] + e[server, type] + noise
//
// Each term is followed by a scalar Kalman filter (R. E. Kalman, Journal of Basic Engineering 82, 1960), all
// three by the same observation, as if independent: u is what a server is faster or slower in everything, w
// what its type of servers is in this type of request, so that one server's replies teach about its like, and
// e what is left. A reply that is far off counts as 2.5 standard deviations off, so that a stalled one does
// not upset what is known; the variance of the noise is learned, too. All terms drift, so that a server which
// becomes slower is followed. Without observations the declared costs hold.
//
// Nothing is learned from what nobody measured: replies that do not say how long they took, or whose service
// is longer than their response. Factors stay within 1/8 and 8 and move no more than twofold per second.
// Where all declared costs are the same nobody has said what a unit of length takes: then the limits are
// around what is common to all, the median of the factors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lb/sched/pool_costs.h"
#include "proto/units.h"

namespace finishline::sched {

class CostLearner {
 public:
  static constexpr double kMostFactor = 8;
  static constexpr double kWide = 0.3;  // sd above this: as good as nothing known

  struct Estimate {
    double factor = 1;  // real cost / declared cost
    double sd = 0;      // of its logarithm: 0.1 is about 10 %
    std::uint64_t samples = 0;
    Instant last{};  // observation
  };

  explicit CostLearner(PoolCosts declared);

  /// A server answered well: `service` is what it says that it worked on a request of this length, `response`
  /// the time from sending it to its reply. False when nothing can be learned from that.
  bool observe(std::size_t server, std::size_t type, std::uint32_t length, Nanos service, Nanos response,
               Instant now);
  /// The same for n replies since the last call whose ln(service / declared) have this mean; n > 0.
  void observe_mean(std::size_t server, std::size_t type, double log_ratio, std::uint64_t n, Instant now);

  /// What somebody before has found out, as an estimate that publish() begins from. Before any observation.
  void resume(std::size_t server, std::size_t type, const Estimate& known);

  /// As of now, before it is held to the limits.
  Estimate estimate(std::size_t server, std::size_t type) const;
  /// The declared costs times what is learned, within the limits. Times never fall from call to call.
  const PoolCosts& publish(Instant now);
  /// Of ln(service), about its estimate: how much requests of the same length differ.
  double noise_sd() const;

 private:
  struct Term {
    double value = 0;
    double variance = 0;
  };
  struct Pair {
    Term rest;  // e
    std::uint64_t samples = 0;
    Instant last{};
    double published = 0;  // ln of the factor
  };
  std::size_t pair_of(std::size_t server, std::size_t type) const { return server * declared_.types + type; }
  Term& shared(std::size_t server, std::size_t type);
  const Term& shared(std::size_t server, std::size_t type) const;
  double common_scale() const;

  PoolCosts declared_, published_;
  std::vector<Term> servers_;  // u
  std::vector<Term> groups_;   // w: [group * types + type]
  std::vector<Pair> pairs_;    // [server * types + type]
  double noise_;               // variance
  bool any_difference_declared_;
  Instant published_at_{};
  bool ever_published_ = false;
};

}  // namespace finishline::sched
