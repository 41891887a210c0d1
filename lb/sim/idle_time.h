// Time in which servers stood idle while work waited that they could have done. Pure.
#pragma once

#include <optional>

#include "lb/sim/served_work.h"

namespace finishline::sim {

/// Of the time of all slots during `busy`, the time in which the pool had anything to do. On its way to a
/// server and back, for the shortest time that was seen of that server, a request does not wait and keeps its
/// slot. Nothing where `busy` is 0.
std::optional<double> idle_share(const ServedWork& work, Nanos busy);

}  // namespace finishline::sim
