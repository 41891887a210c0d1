// What each part of the control process takes from a configuration: the few values that are its business.
// Pure, but for a seed that is to differ.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lb/config/config.h"
#include "lb/control/access.h"
#include "lb/control/adaptive_controller.h"
#include "lb/control/cost_learning.h"
#include "lb/control/health_checker.h"
#include "lb/control/performance_meter.h"
#include "lb/control/planning.h"
#include "lb/control/policy_service.h"
#include "lb/control/snapshot.h"
#include "lb/control/vitals_reader.h"
#include "lb/ledger/listener_row.h"
#include "lb/process/server_tls.h"

namespace finishline::control {

/// A configuration with its rows in the ledger.
struct Configured {
  const config::Config& config;
  std::vector<ledger::ServerId> servers;  // of each of Config::servers, in their order
  std::vector<ledger::PoolId> pools;      // of each of Config::pools, in their order
  std::vector<std::optional<ledger::ListenerId>>
      listeners;  // of each of Config::listeners; none: not counted
};

/// The row of each listener; none: it is not counted.
std::vector<std::optional<ledger::ListenerId>> listener_rows(const config::Config& config,
                                                             const ledger::Ledger& ledger);

/// By the names that the rows have: the master has taken them all.
Configured with_rows(const config::Config& config, const ledger::Ledger& ledger);

/// Different at every start unless the configuration wants a run that can be repeated.
std::uint64_t seed_of(const config::Proxy& proxy);
Access::Options access_options_of(const config::Proxy& proxy);
Names names_of(const Configured& it);
/// Checks of servers of TLS borrow from `tls`.
std::vector<PoolWatch::Options> watches_of(const Configured& it, process::ServerTls& tls);
/// Of servers that have a page and an address.
std::vector<VitalsReader::VitalsTarget> vitals_targets_of(const Configured& it);
std::vector<PolicyService::PolicyPool> pools_of(const Configured& it);
std::vector<CostLearning::LearningPool> learning_pools_of(const Configured& it);
/// Those in which requests wait for room; and all of requests.
std::vector<Planning::PlannedPool> planned_pools_of(const Configured& it);
std::vector<Planning::PlannedPool> explained_pools_of(const Configured& it);
std::vector<AdaptiveController::AdaptivePool> tuned_pools_of(const Configured& it);
std::vector<PerformanceMeter::MeasuredPool> measured_pools_of(const Configured& it);

}  // namespace finishline::control
