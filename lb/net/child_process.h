// A child process that runs a command, on a loop: its input and outputs are pipes, its end is told, and
// whatever it has started goes with it. In a process group of its own; it dies with the process that made it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "lb/net/loop.h"
#include "lb/net/pipe_reader.h"
#include "lb/net/pipe_writer.h"
#include "lb/net/timer.h"

namespace finishline::net {

struct ChildLimits {
  std::optional<std::uint64_t> memory_bytes{};  // address space: RLIMIT_AS
  std::optional<Nanos> cpu{};                   // rounded up to seconds: RLIMIT_CPU
};

struct ChildCommand {
  std::string file;                        // its path
  std::vector<std::string> arguments;      // with the first one, its name
  std::vector<std::string> environment{};  // NAME=value, besides our own
  ChildLimits limits{};
};

/// What the owner of a child is told, from the loop. It may drop the child inside on_exit() only.
class ChildEvents {
 public:
  virtual void on_output(std::span<const std::byte> bytes) = 0;
  virtual void on_errors(std::span<const std::byte> bytes) = 0;
  /// It has ended, nothing of its group runs any more, and all that they have written has been told. `status`
  /// is waitpid()'s. The last call.
  virtual void on_exit(int status) = 0;

 protected:
  ~ChildEvents() = default;
};

class ChildProcess {
 public:
  /// Never waits for the child. A file that cannot be run ends with 127 and says why on its standard error.
  /// Else the reason why there is no process. `events` outlive the child.
  static std::variant<std::unique_ptr<ChildProcess>, std::string> start(Loop& loop,
                                                                        const ChildCommand& command,
                                                                        ChildEvents& events);
  /// Kills the group if it runs, and waits for that.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// `bytes` live until they are written, or the child has ended or was killed.
  void write(std::span<const std::byte> bytes) { input_.write(bytes); }
  void end_input() { input_.end(); }
  /// Whether all that was written has gone into the pipe.
  bool input_written() const { return input_.written(); }
  /// Its own CPU time may grow by so much from now on, then it gets SIGXCPU.
  void allow_cpu(Nanos span);
  /// In on_exit(): others of its group still ran when it ended, and were killed.
  bool killed_others() const { return killed_others_; }
  /// SIGKILL for the whole group; on_exit() comes.
  void kill();

 private:
  struct Pipes;
  ChildProcess(Loop& loop, pid_t pid, int pidfd, const Pipes& pipes, ChildEvents& events);

  void on_ended();
  void end_if_over();

  ChildEvents& events_;
  pid_t pid_;
  int pidfd_;
  bool ended_ = false;
  bool killed_others_ = false;
  int status_ = 0;
  PipeWriter input_;
  PipeReader output_;
  PipeReader errors_;
  std::optional<Readable> end_;  // of the process
  Timer patience_;               // with a stranger who holds the outputs open
};

/// "exit status 1", "signal 9 (Killed)", from waitpid()'s status.
std::string describe_exit(int status);

}  // namespace finishline::net
