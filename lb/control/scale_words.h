// Why a pool has as many servers as it has, in words. Pure.
#pragma once

#include <string>
#include <string_view>

#include "lb/control/snapshot.h"
#include "lb/sched/scale_rule.h"

namespace finishline::control {

/// "45 %"; infinite: "no server for what comes".
std::string percent_text(double share);
/// As the configuration has it.
std::string_view word_for(sched::ScaleBy by);
/// "45 % of what the servers can do is asked of them; above 70 % servers are added.": sentences.
std::string why_so_many(const ScaleStatus& status);

}  // namespace finishline::control
