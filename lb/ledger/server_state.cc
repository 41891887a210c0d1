#include "lb/ledger/server_state.h"

#include <array>

namespace finishline::ledger {
namespace {

constexpr std::array<std::string_view, kServerStates> kStateNames{
    "absent", "up", "down", "draining", "ejected", "half_open", "slow_start"};
constexpr std::array<std::string_view, 2> kAdminNames{"ready", "drain"};

}  // namespace

std::string_view name_of(ServerState state) { return kStateNames[static_cast<std::size_t>(state)]; }
std::string_view name_of(AdminState state) { return kAdminNames[static_cast<std::size_t>(state)]; }

ServerState effective_state(AdminState admin, sched::Health health) {
  if (admin == AdminState::drain) return ServerState::draining;
  switch (health) {
    case sched::Health::up:
      return ServerState::up;
    case sched::Health::down:
      return ServerState::down;
    case sched::Health::ejected:
      return ServerState::ejected;
    case sched::Health::half_open:
      return ServerState::half_open;
    case sched::Health::slow_start:
      return ServerState::slow_start;
  }
  return ServerState::down;
}

}  // namespace finishline::ledger
