// How many servers of each kind a flow of work takes, and which kind to add first. Floor 2: pure.
//
// The work that comes in one second, V_k of each request type, keeps the servers busy for
//   L(V; n) = min T  with  sum_g x_gk = V_k,  sum_k a_gk x_gk <= n_g T      (model/fractional_load.h)
// seconds of that second, if it is split as well as it can be: that is the *busy share* of the mix n. A mix
// carries the work when its busy share is at most the target; the cheapest one that does is wanted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace finishline::sched {

/// So many servers, by kind.
using ServerCounts = std::vector<std::uint32_t>;

/// Servers that are alike: of one type, speed and number of slots.
struct ServerSort {
  double price = 1;                      // of one, > 0
  std::vector<double> seconds_per_unit;  // by request type, of all its slots together; infinity: cannot
};

class ServerMix {
 public:
  explicit ServerMix(std::vector<ServerSort> kinds);

  const std::vector<ServerSort>& kinds() const { return kinds_; }
  std::size_t request_types() const { return types_; }

  /// Share of the time in which the busiest kind works, `volume` being units of length per second by request
  /// type; infinity when a type that comes can be done by nobody.
  double busy_share(const ServerCounts& counts, std::span<const double> volume) const;
  /// Whether every request type that `before` can do is one that `after` can do.
  bool covers(const ServerCounts& after, const ServerCounts& before) const;

  /// The kind of which one more lowers the busy share most for its price, below `most`; where the share is as
  /// high as before, the one whose time is worth most for its price; nothing when no further one helps.
  std::optional<std::size_t> best_addition(const ServerCounts& counts, const ServerCounts& most,
                                           std::span<const double> volume) const;
  /// The cheapest mix from `least` to `most` whose busy share is at most `target`, of equals the one with the
  /// lowest share: exact while there are few to try, else by best additions, of which those that turn out to
  /// be needless are taken back. Where none is good enough, additions as long as they help.
  ServerCounts cheapest(const ServerCounts& least, const ServerCounts& most, std::span<const double> volume,
                        double target) const;
  /// `now`, and of what `best` has more as much as it takes for `target`. So what is added bit by bit is of
  /// the kinds that the whole is cheapest with, not of those whose next one happens to be just enough.
  ServerCounts grown_towards(const ServerCounts& now, const ServerCounts& best,
                             std::span<const double> volume, double target) const;
  double price(const ServerCounts& counts) const;

 private:
  struct Solution {
    double share;
    std::vector<double> worth;  // of the time of each kind
    double undone;              // volume that nobody can do
  };
  Solution solve(const ServerCounts& counts, std::span<const double> volume) const;
  ServerCounts by_additions(ServerCounts counts, const ServerCounts& most, std::span<const double> volume,
                            double target) const;
  void take_back(ServerCounts& counts, const ServerCounts& least, std::span<const double> volume,
                 double target) const;
  std::optional<std::size_t> needless(const ServerCounts& counts, const ServerCounts& least,
                                      std::span<const double> volume, double enough) const;
  std::optional<ServerCounts> by_search(const ServerCounts& least, const ServerCounts& most,
                                        std::span<const double> volume, double target) const;

  std::vector<ServerSort> kinds_;
  std::size_t types_;
};

}  // namespace finishline::sched
