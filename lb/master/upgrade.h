// A new program in the place of this one, in the same process and with the same children (handover.h): tried
// by a child first, then run. Master process.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "lb/master/children.h"
#include "lb/master/config_change.h"
#include "lb/master/handover.h"
#include "lb/master/listen_sockets.h"
#include "lb/process/program.h"
#include "lb/process/state_lock.h"

namespace finishline::master {

class Upgrade {
 public:
  /// What the next program takes over; all outlive this.
  Upgrade(ledger::Ledger& ledger, const ListenSockets& sockets, const Children& children,
          const ServerProcesses& servers, const ConfigChange& change, const process::StateLock& state_lock)
      : ledger_(ledger),
        sockets_(sockets),
        children_(children),
        servers_(servers),
        change_(change),
        state_lock_(state_lock) {}

  /// Has the new program checked by a child that is not waited for; what can go wrong after that leaves this
  /// one as it was. Control is told, if it has asked for it by a number. Precondition: none is under way.
  void begin(std::uint32_t asked);
  /// Ends the check, if one is under way, and says why.
  void give_up(const std::string& why);
  bool under_way() const { return trial_.has_value(); }
  /// Kills a check that takes too long.
  void kill_overdue(Instant now) const;
  /// Whether this process, which has ended, was the check: it is over then, and its status is for conclude().
  bool ended(pid_t pid);
  /// Becomes the new program if that found nothing wrong; returns when it is refused, which is said.
  void conclude(int status) const;

 private:
  struct Trial {
    pid_t pid;
    Instant end_by;
  };

  void become() const;
  void refuse(const std::string& why) const;
  void tell_refusal(const std::string& why) const;
  Handover handover() const;

  ledger::Ledger& ledger_;
  const ListenSockets& sockets_;
  const Children& children_;
  const ServerProcesses& servers_;
  const ConfigChange& change_;
  const process::StateLock& state_lock_;
  const process::Program program_ = process::this_program();
  std::optional<Trial> trial_;
};

}  // namespace finishline::master
