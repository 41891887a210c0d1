// A server of a pool, as a worker's decisions see it.
#pragma once

#include <cstdint>

#include "lb/ledger/ledger.h"
#include "lb/sched/distance.h"
#include "proto/cost_model.h"

namespace finishline::worker {

/// A server as the pool needs it.
struct Member {
  ledger::ServerId id = 0;
  ServerSpec spec;
  double weight = 1.0;                // 0: it is given nothing new
  bool backup = false;                // given work only while no other member can be
  bool mini = false;                  // speaks the two-byte protocol: no body, length 0 to 9
  bool scaled = false;                // its process comes and goes: ledger/scaled_server.h
  double capacity = 100;              // of streams: the load that it can take, in percent
  std::uint32_t max_connections = 0;  // of streams, by all workers; 0: any number
  sched::Distance distance{};         // in another zone
};

}  // namespace finishline::worker
