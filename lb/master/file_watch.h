// Files of a running proxy that somebody may remove under it: looks at them about once a second. Clients find
// the Unix sockets that it listens at, or log and ledger are told, and told again when they do; the lock of
// the folder of states is taken anew in one that was made anew, or the log is told who was faster. Master
// process.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "lb/master/listen_sockets.h"
#include "lb/process/state_lock.h"
#include "proto/units.h"

namespace finishline::master {

class FileWatch {
 public:
  /// `config` is the one in force, whose sockets they are.
  void look(const ListenSockets& sockets, const config::Config& config, ledger::Ledger& ledger,
            process::StateLock& state, Instant now);

 private:
  void look_at(const ListenSockets& sockets);
  void look_at(process::StateLock& state);

  Instant next_look_{};
  std::set<std::string> lost_;                // places that have been told of
  std::optional<std::string> state_fault_{};  // that has been told of
};

}  // namespace finishline::master
