// From what the user asked for and what the other side told to what is played: types resolved, defaults
// filled in, limits known. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/description.h"
#include "client/options.h"
#include "lb/model/cost_file.h"
#include "lb/model/load_plan.h"
#include "lb/model/trace.h"
#include "proto/cost_model.h"

namespace finishline::client {

/// What was known before anything is played.
struct Inputs {
  Options options;
  std::vector<model::TraceRow> trace;      // of options.trace
  std::optional<model::CostFile> cost;     // of options.cost
  std::optional<Description> description;  // as told by the other side
  bool silent = false;                     // it closed the connection on which it was asked, without a word
};

struct Scenario {
  CostModel cost;                           // every type that is sent has an index here
  std::vector<ServerSpec> servers;          // as told; whom the numbers in replies mean
  std::vector<ServerSpec> bound_servers;    // for the lower bound; empty: not known
  model::Traffic traffic;                   // what to draw, unless there are rows
  std::vector<model::PlannedRequest> rows;  // what to replay
  bool replay = false;
  bool open_loop = false;
  std::uint32_t depth = 1;  // requests open per connection; 0: no limit
  std::string arrivals;     // for people: "poisson at 100/s"

  /// Borrows `rows`.
  model::LoadPlan plan() const { return replay ? model::LoadPlan(rows) : model::LoadPlan(traffic); }
};

/// The type of this name or code letter, or why there is none. A letter that no type has becomes a type of
/// its own, which no server can do: how the other side answers to it is its business.
std::variant<RequestType, std::string> resolve_type(const std::string& name, CostModel& cost);

/// What is wrong with the options by themselves, all of it; empty when nothing is.
std::vector<std::string> problems_in(const Options& options);

/// `inputs.options` has no problems of its own. The string says what does not fit together.
std::variant<Scenario, std::string> make_scenario(const Inputs& inputs);

/// The least time in which `servers` can do `count` requests of the plan from number `first` on, counted from
/// the release of that one (lower_bound.h); nothing when the servers are not known.
std::optional<Nanos> bound_of(const Scenario& scenario, std::uint64_t first, std::uint64_t count);

/// The requests that one of several threads sent: `count` of its share of the plan, from its number `first`
/// on.
struct SentShare {
  std::uint64_t first = 0, count = 0;
};
/// The same of what threads have sent, among which the plan was dealt out in turns.
std::optional<Nanos> bound_of(const Scenario& scenario, const std::vector<SentShare>& shares);

}  // namespace finishline::client
