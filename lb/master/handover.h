// What one program leaves to the next when it replaces itself (SIGUSR2): descriptors that stay open over the
// exec, and a description of what they are. The process, and with it all children, stays the same. Master
// process.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lb/config/source.h"
#include "lb/master/child_table.h"
#include "lb/master/listen_sockets.h"
#include "lb/master/server_processes.h"
#include "lb/process/descriptor.h"

namespace finishline::master {

struct Handover {
  struct RunningChild {
    Child child;
    int line = -1;  // to it; -1: none
  };
  int ledger = -1;
  std::uint32_t revision = 0;
  std::uint32_t generation = 0;
  std::vector<std::pair<std::string, int>> sockets;  // by place, see ListenSockets
  std::vector<int> bells;                            // of the workers, by number
  std::vector<RunningChild> children;                // those that run
  std::vector<pid_t> strangers;  // children of a role that this program does not know: it has no use for them
  std::vector<ServerProcesses::Running> servers{};  // that this program has started
  config::Source source;                            // what they run by
  std::vector<std::string> given{};                 // places of sockets that the service manager has opened
  ListenSockets::Files files{};                     // of those of them that are Unix sockets
  int state_lock = -1;                              // proxy.state_dir is locked by it; -1: there is none
};

/// As text and back; nothing for a text that is none. Line by line, so that another version can tell what it
/// does not know.
std::string to_text(const Handover& handover);
std::optional<Handover> handover_of(std::string_view text);

/// Lets the descriptors of a handover survive an exec, or not.
void keep_over_exec(const Handover& handover, bool keep);

/// Puts the text where the program after the next exec finds it; empty when the system has no memory for it.
process::Descriptor leave_handover(const Handover& handover);
/// What the program before this one has left; its descriptors are closed on exec again. Nothing when this
/// program was started afresh.
std::optional<Handover> take_handover();
/// After an exec that failed.
void withdraw_handover();

}  // namespace finishline::master
