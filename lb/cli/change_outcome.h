// How commands that have the running proxy change learn what came of it: they ask the admin server again and
// again. A process of its own per command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lb/cli/admin_client.h"
#include "proto/units.h"

namespace finishline::cli {

/// What GET or PUT /reload, or PUT /upgrade, says (control/reload_service.h).
struct ChangeState {
  /// How many changes have ended, and how.
  struct Counts {
    std::int64_t revision = 0;
    std::int64_t refused = 0;
  };
  std::string file;  // that the master reads; "": it does not say
  Counts now;
  std::string problems;  // of the last one that was refused
  std::int64_t control = 0;
  /// Of one kind of change: the last number given, the last that has begun, with what was counted before, and
  /// the last that had ended when another change began, with what came of it.
  struct Asking {
    std::int64_t asked = 0;
    std::int64_t begun = 0;
    Counts before_begun;
    std::int64_t ended = 0;
    bool refused = false;
    std::int64_t revision = 0;
    std::string problems;
  };
  Asking reload, upgrade;
};
/// Nothing when there is no such reply.
std::optional<ChangeState> change_state_in(const std::string& body);

/// Waits for the outcome of the change that was `asked` for, for `patience` at most, tells it, as JSON if
/// `json`, and gives the exit code. `which` of the kinds it is, `noun` as in "reload". The control process
/// that answers may be replaced on the way.
int tell_outcome(const AdminCommand& command, const ChangeState& asked,
                 ChangeState::Asking ChangeState::*which, const std::string& noun, Nanos patience, bool json);

}  // namespace finishline::cli
