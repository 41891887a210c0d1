// The processes of scaled servers: starts and ends them as the ledger says that they are wanted
// (ledger/scaled_server.h), restarts those that die, gives up those that keep dying. Control decides how many
// there are, and is not needed for anything here. Master process.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lb/master/generation.h"
#include "lb/master/scaled_table.h"

namespace finishline::master {

class ServerProcesses {
 public:
  /// The ledger outlives it. `changed` is called when a port in the ledger is another one than before.
  ServerProcesses(ledger::Ledger& ledger, std::function<void()> changed)
      : ledger_(ledger), changed_(std::move(changed)) {}

  /// Another configuration is in force, or the first: so many as each type has at least are wanted. A call
  /// with the one before does nothing.
  void follow(const Generation& generation);
  /// Starts, ends and kills who is to be; after each wake-up.
  void look(Instant now);
  /// The process that ended was one of these.
  bool ended(pid_t pid, int status, Instant now);
  std::optional<Nanos> until_due(Instant now) const { return table_.until_due(now); }

  /// Nobody is started from now on, and all end.
  void stop(Instant now);
  void kill();
  bool any_running() const { return table_.any_running(); }

  struct Running {
    std::string name;
    pid_t pid = 0;
    std::uint16_t port = 0;
    Instant started_at{};
  };
  /// For the next program, and from the one before; the latter before follow().
  std::vector<Running> running() const;
  void adopt(const std::vector<Running>& running);

 private:
  bool has_row(const ScaledProcess& it) const;
  bool wanted(const ScaledProcess& it) const;
  void rest(ScaledProcess& it, Instant now);
  void start(ScaledProcess& it, Instant now);
  void end(ScaledProcess& it, Instant now);
  void forget_gone();
  std::optional<std::uint16_t> free_port(const std::string& range) const;

  ledger::Ledger& ledger_;
  std::function<void()> changed_;
  ScaledTable table_;
  std::uint32_t revision_ = 0;
  bool stopping_ = false;
};

}  // namespace finishline::master
