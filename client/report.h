// The report on a run, for people and for programs. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/own_time.h"
#include "client/runner.h"
#include "client/tally.h"
#include "proto/cost_model.h"
#include "proto/units.h"

namespace finishline::client {

/// All that the report tells.
struct Report {
  /// `tally` outlives the report.
  explicit Report(const Tally& run) : tally(run) {}

  std::string address, protocol, arrivals;
  std::string pool, policy;  // "" when not told
  std::uint32_t connections = 0;
  std::uint32_t depth = 0;  // requests open on a connection at most; 0: no limit
  std::uint64_t seed = 0;
  bool open_loop = false;
  const Tally& tally;
  CostModel cost;                    // the names of the request types
  std::vector<ServerSpec> servers;   // by whom the replies say they were served
  std::optional<Nanos> lower_bound;  // for all of the tally; nothing when the servers are not known
  const Tally* warm_up = nullptr;    // of what was left out of `tally`; outlives the report
  Nanos measured_from{};             // what was due before is in `warm_up`
  bool distribution = false;         // whether the text shows the whole distribution of latencies
  Ending ending;
  Nanos elapsed{};  // from the first request to the end of the run
  OwnTime own;      // of the client during the run, and of the busiest of its threads
  std::uint32_t threads = 1;
  std::vector<std::string> notes;  // what the reader should know, a line each
};

/// Whether the run is complete and every request got its right answer, also of the warm-up.
bool all_good(const Report& report);
/// The lower bound, unless some request was not served: that is in the bound, but not in the makespan.
std::optional<Nanos> bound_of(const Report& report);
/// Whether the servers have beaten the lower bound, which stands on the speed that was told of them.
bool faster_than_declared(const Report& report);
/// Makespan by lower bound, at least 1; nothing where there is no bound or it was beaten.
std::optional<double> ratio_of(const Report& report);

std::string to_text(const Report& report);
/// One JSON object, indented, with a line end. Times in the unit that the key names.
std::string to_json(const Report& report);

}  // namespace finishline::client
