// A program under test: started, watched, and never left behind.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/units.h"
#include "tests/support/wait_until.h"

namespace finishline::test {

/// The path of a program of this build: it stands beside the test program.
std::string program(std::string_view name);

/// How a process ended.
struct Exit {
  int code = 0;    // when signal is 0
  int signal = 0;  // that killed it
  bool operator==(const Exit&) const = default;
};

class ChildProcess {
 public:
  /// Starts it in a process group of its own, with no input, and what it prints kept in memory. It dies with
  /// the test. A program that cannot be run exits with 127 and says so on its standard error.
  /// `third` becomes its descriptor 3 and stays the caller's; -1: none.
  ChildProcess(const std::string& program, const std::vector<std::string>& arguments, int third = -1);
  /// Kills the whole group and reaps the child.
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number);

  /// Nothing when it still runs at the end.
  std::optional<Exit> wait(Nanos at_most = patience());
  /// SIGTERM, then wait().
  std::optional<Exit> stop(Nanos at_most = patience());
  /// SIGKILL to the process alone, not to its children; returns when it is dead.
  void kill();

  /// All that it has printed so far.
  std::string output() const;
  std::string errors() const;

 private:
  pid_t pid_ = -1;
  int output_fd_;
  int errors_fd_;
  std::optional<Exit> exit_;
};

/// Runs a program of this build to its end; nothing when it did not end in time.
struct Outcome {
  std::optional<Exit> exit;
  std::string output;
  std::string errors;
};
Outcome run(std::string_view name, const std::vector<std::string>& arguments, Nanos at_most = patience());

}  // namespace finishline::test
