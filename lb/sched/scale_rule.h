// How many servers a pool wants. Floor 2: readings in, numbers out; time is an argument, nothing here starts
// or ends anything. An actuator brings the pool to what is wanted; without one this is a rehearsal.
//
//   up    when the strain on the servers is over `up_over`, not more often than every `cooldown_up`; at once
//         where it is over twice that although all that was asked for is there or on its way, so that what
//         comes has doubled since. By work, the cheapest mix that carries what comes (server_mix.h); else
//         servers until it is not. Servers that are being started count as if they served: what was asked for
//         is not asked for twice.
//   down  when fewer would do for all that came within `settle`, one at a time, `cooldown_down` after any
//         change: without it the strain stays below `up_over` by `hysteresis`. So a load that swings around
//         the threshold finds the servers that its highest waves took. Who is being started does not
//         stand for one who goes.
//
// The strain, by rule: `work` is the busy share of the mix; `load` and `connections` are the mean load of the
// servers, spread over those that there would be. A forecast only ever adds. What `least` and `most` say
// stands over all, but the last server that can do a request type stays.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "lb/sched/server_mix.h"
#include "proto/units.h"

namespace finishline::sched {

enum class ScaleBy : std::uint8_t {
  work,         // what comes, by the cost matrix
  load,         // mean load of the servers: requests, CPU and memory, weighted by whoever reads it
  connections,  // mean load of the servers by the streams that are open
};

struct ScaleOptions {
  ScaleBy by = ScaleBy::work;
  double up_over = 0.7;
  double down_under = 1;    // of load and connections: besides, the strain is below this
  double hysteresis = 0.2;  // of up_over
  Nanos cooldown_up = 3s;
  Nanos cooldown_down = 60s;
  Nanos settle = 300s;    // so long back counts what came, before servers are taken away
  Nanos min_life = 60s;   // a server younger than this is not taken away
  Nanos catch_up = 2s;    // what waits is to be done within this time
  bool one_step = false;  // one server at a time; else as many as it takes
};

struct ScaleLimits {
  std::uint32_t least = 0, most = 0;  // of the servers that are scaled
};

/// One kind of server at one instant.
struct KindReading {
  std::uint32_t fixed = 0;       // that serve and are not scaled
  std::vector<Instant> started;  // when each of the scaled ones was, that serves or is being started
  std::uint32_t starting = 0;    // of these, who serve nobody: perhaps they never will
  std::uint32_t given_up = 0;    // places at which none can be started
};

/// A pool at one instant. Volumes are units of length by request type.
struct ScaleReading {
  std::vector<KindReading> kinds;
  std::vector<double> arriving;  // per second, as measured of late
  std::vector<double> waiting;   // in the proxy, not at a server
  std::vector<double> forecast;  // per second, when a server that is started now would serve; empty: none
  double load = 0;               // mean of the servers that serve, 0 to 1 and beyond; of load and connections
  std::uint32_t serving = 0;     // how many those are
};

enum class ScaleMove : std::uint8_t { stay, up, down };
std::string_view name_of(ScaleMove move);

struct ScaleDecision {
  ScaleMove move = ScaleMove::stay;
  ServerCounts wanted;  // scaled servers, by kind
  double strain = 0;    // as it is, with those being started
  double forecast_strain = 0;
};

class ScaleRule {
 public:
  /// `limits`: by kind, as the kinds of the mix are.
  ScaleRule(ServerMix mix, std::vector<ScaleLimits> limits, ScaleOptions options);

  /// What is wanted now; times never fall from call to call. Whoever cannot do it asks again.
  ScaleDecision step(const ScaleReading& reading, Instant now);
  /// Other limits and options, the same request types. What was seen counts on.
  void change_to(ServerMix mix, std::vector<ScaleLimits> limits, ScaleOptions options);

  const ServerMix& mix() const { return mix_; }

 private:
  /// What was demanded at most within one slice of `settle`.
  struct Slice {
    Instant since{};
    std::vector<double> volume;
    double load = 0;  // of all servers together
  };
  struct Demanded {
    std::vector<double> volume;
    double load = 0;
  };
  Demanded demanded(const ScaleReading& reading) const;
  void remember(const Demanded& demand, Instant now);
  Demanded highest() const;
  double strain(const ServerCounts& counts, const Demanded& demand) const;
  bool may_grow(const ServerCounts& scaled, double strain, Instant now) const;
  /// Scaled servers by what is demanded, the limits' least aside.
  ServerCounts demanded_servers(const ScaleReading& reading, const ServerCounts& fixed,
                                const ServerCounts& scaled, const Demanded& demand, double strain,
                                Instant now);
  ServerCounts held(const ScaleReading& reading, const ServerCounts& fixed, const ServerCounts& scaled) const;
  ScaleLimits limits(const ScaleReading& reading, std::size_t kind) const;
  ServerCounts grown(const ScaleReading& reading, const ServerCounts& fixed, const ServerCounts& scaled,
                     const Demanded& demand) const;
  std::optional<std::size_t> needless(const ScaleReading& reading, const ServerCounts& fixed,
                                      const ServerCounts& scaled, Instant now) const;
  std::optional<std::size_t> next_addition(const ServerCounts& counts, const ServerCounts& most,
                                           const Demanded& demand) const;

  ServerMix mix_;
  std::vector<ScaleLimits> limits_;
  ScaleOptions options_;
  std::deque<Slice> slices_;
  std::optional<Instant> up_at_, changed_at_, first_at_;
  std::uint32_t asked_for_ = 0;  // at up_at_: scaled servers, of all kinds
  ServerCounts wanted_;          // as of the last step
};

}  // namespace finishline::sched
