// A command that a forked child becomes: an own process group, limits, user, and what it writes to. It dies
// with the process that forked it (spawn.h), as long as it forks none of its own that outlive it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace finishline::process {

struct ExecCommand {
  std::vector<std::string> words;  // the program first, looked up in PATH
  std::string user;                // "": as who forks it
  std::string log;                 // file that output and errors are appended to; "": nowhere
  std::uint64_t max_memory = 0;    // bytes of address space; 0: no limit
  std::uint32_t max_files = 0;     // 0: as many as who forks it
};

/// Why this program, looked up in PATH, cannot be run, as far as can be told without running it; "" when it
/// can.
std::string fault_of_program(const std::string& program);
/// In a child made by spawn(): becomes the command. Returns 127 when it cannot, after saying why in the log.
int run_command(const ExecCommand& command);

/// `text` with each {name}, {type}, {port} and {address}, which is 127.0.0.1:PORT, replaced.
std::string with_place(std::string text, const std::string& name, const std::string& type,
                       std::uint16_t port);

}  // namespace finishline::process
