// What a server is at the moment, in words that log, metrics, /stats and orders share. Any process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lb/sched/health_state.h"

namespace finishline::ledger {

/// Whether a server may be given work: what health and administration make together. Work goes to servers
/// that are up or in slow_start, and one request, its trial, to one that is half_open.
enum class ServerState : std::uint8_t { absent, up, down, draining, ejected, half_open, slow_start };
inline constexpr std::size_t kServerStates = 7;
std::string_view name_of(ServerState state);
/// Whether it may be given any work; the trial of one that is half_open is another matter.
constexpr bool takes_work(ServerState state) {
  return state == ServerState::up || state == ServerState::slow_start;
}

/// What the operator wants of a server.
enum class AdminState : std::uint8_t { ready, drain };
std::string_view name_of(AdminState state);

/// Draining, whatever the health, when the operator says so; else what the health is.
ServerState effective_state(AdminState admin, sched::Health health);

}  // namespace finishline::ledger
