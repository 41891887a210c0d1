// What costs a trace shows, beside those that are declared. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lb/model/cost_fit.h"
#include "lb/model/trace.h"
#include "proto/cost_model.h"

namespace finishline::cli {

/// A server type × request type.
struct CalibratedCost {
  std::string server_type, request_type;
  double declared = 0;                // factor in the matrix
  std::optional<model::CostFit> fit;  // nothing: too few samples
  double learned = 0;                 // factor that the running proxy would go by at the end; 0: as `fit`

  /// The factor that the trace shows, or the declared one.
  double fitted() const;
};

/// A server that is faster or slower than its like in everything.
struct UnlikeServer {
  std::string server;
  double declared_speed = 1, shown_speed = 1;
  std::size_t samples = 0;
};

struct Calibration {
  CostModel cost;                     // declared
  std::vector<CalibratedCost> costs;  // of all that is declared, in the order of the matrix
  std::vector<UnlikeServer> unlike;
  std::size_t used = 0;          // rows
  std::size_t without_time = 0;  // rows that do not say how long a server worked, or were not served
  std::vector<std::pair<std::string, std::size_t>>
      unknown;  // what rows name and `cost` has not, and how often
};

/// `servers` are those that rows may name.
Calibration calibrate(const std::vector<model::TraceRow>& rows, const CostModel& cost,
                      const std::vector<ServerSpec>& servers);

}  // namespace finishline::cli
