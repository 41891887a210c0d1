// Why a pool has as many servers as it has, in words. Pure.
#pragma once

#include <string>

#include "lb/control/snapshot.h"

namespace finishline::control {

/// "45 % of what the servers can do is asked of them; above 70 % servers are added.": sentences.
std::string why_so_many(const ScaleStatus& status);

}  // namespace finishline::control
