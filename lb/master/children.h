// The master's children as processes: forks them, keeps a line to each, hears signals and orders, reaps. What
// to do about them is decided in master.cc. Master process.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "lb/master/child_table.h"
#include "lb/master/generation.h"
#include "lb/master/handover.h"
#include "lb/master/listen_sockets.h"
#include "lb/process/doorbell.h"
#include "lb/process/order.h"
#include "lb/process/signals.h"

namespace finishline::master {

class Children {
 public:
  /// Both outlive the children.
  Children(ledger::Ledger& ledger, ListenSockets& sockets);

  ChildTable& table() { return table_; }
  const ChildTable& table() const { return table_; }

  /// What a worker does first: it lets go of what only others need.
  void in_worker(std::function<void()> let_go) { in_worker_ = std::move(let_go); }
  /// The same for those that serve no clients.
  void in_others(std::function<void()> let_go) { in_others_ = std::move(let_go); }
  /// Forks a child of the table that is due; the table knows the outcome. False with errno when it could not.
  bool start(Child& child, const Generation& generation);

  /// The bells of all workers, of a program before this one if it has left any. Comes before the first child.
  void hang_bells(const std::vector<int>& inherited);
  /// This program has come in the place of another then, in Unix seconds: its children are told.
  void set_taken_over_at(double at) { taken_over_at_ = at; }
  const process::Doorbells& bells() const { return bells_; }

  /// One that runs already, with this program's end of the line to it.
  void adopt(const Child& child, process::Descriptor line);
  /// Those that run, for the next program.
  std::vector<Handover::RunningChild> running_children() const;

  struct News {
    std::vector<int> signals;            // all but SIGCHLD, which makes wait() return
    std::vector<process::Order> orders;  // of control, but for those to the peer process
  };
  /// Sleeps until there are news, or something to read at `another` (-1: nothing), `at_most` so long. What
  /// control and the peer process tell each other is handed on.
  News wait(Nanos at_most, int another);

  struct Death {
    std::optional<ChildTable::Ended> child;  // nothing for a helper, who is in no table
    pid_t pid;
    int status;  // of waitpid
  };
  /// A process that has ended; nothing when none has.
  std::optional<Death> reap();

  /// SIGKILL.
  void kill(Role role) const;
  void kill(std::uint32_t generation) const;
  /// To each running worker of a generation; kills those who cannot be reached, because they have been stuck
  /// for long, so that their successors come up with what the others were told. One that leaves and has
  /// closed its line is at its end.
  void order(std::uint32_t generation, const process::Order& order) const;
  /// They finish what they have begun, and end; after `patience` in any case, where there is one.
  void drain(std::uint32_t generation, std::optional<Nanos> patience) const;
  void drain_control() const { drain(Role::control); }
  void drain(Role role) const;
  /// False when there is one and it cannot be reached.
  bool order(Role role, const process::Order& order) const;
  bool order_control(const process::Order& order) const { return this->order(Role::control, order); }
  /// Those that are no workers go on in the log file that this process writes to.
  void pass_log_to_helpers() const;
  /// All children go on in the log file that this process writes to.
  void pass_log() const;

 private:
  int line_to(const Child& child) const;
  int line_to(Role role) const;
  std::vector<process::Order> orders_of(Role role) const;
  process::Heritage heritage_of(const Child& child, const Generation& generation) const;
  int run_child(const Child& child, process::Heritage heritage);

  ledger::Ledger& ledger_;
  ListenSockets& sockets_;
  ChildTable table_;
  process::Doorbells bells_;
  double taken_over_at_ = 0;
  std::map<pid_t, process::Descriptor> lines_;
  process::SignalInbox signals_;
  std::function<void()> in_worker_;
  std::function<void()> in_others_;
};

}  // namespace finishline::master
