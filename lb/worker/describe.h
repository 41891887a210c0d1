// The JSON body of a description (proto/PROTOCOL.md, "The description"): what clients compute bounds from.
#pragma once

#include <string>

#include "lb/worker/request_pool.h"
#include "proto/cost_model.h"

namespace finishline::worker {

/// Scaled servers are named while they are there.
std::string describe_pool(const RequestPool& pool, const ledger::Ledger& ledger, const CostModel& cost,
                          std::uint32_t max_length, std::uint32_t max_body);

}  // namespace finishline::worker
