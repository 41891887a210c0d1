#include "lb/master/children.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <utility>

#include "lb/control/control.h"
#include "lb/ledger/control_status.h"
#include "lb/ledger/nodes.h"
#include "lb/ledger/row_lease.h"
#include "lb/ledger/worker_status.h"
#include "lb/log/access_log.h"
#include "lb/log/log.h"
#include "lb/master/clock.h"
#include "lb/peers/peer.h"
#include "lb/process/logging.h"
#include "lb/process/privileges.h"
#include "lb/process/seccomp_filter.h"
#include "lb/process/signal_table.h"
#include "lb/process/spawn.h"
#include "lb/worker/worker.h"

namespace finishline::master {
namespace {

std::string title_of(const Child& child) {
  return child.role == Role::worker ? "fl-worker-" + std::to_string(child.number)
                                    : std::string("fl-") + name_of(child.role);
}

/// The listening sockets that this child is to have.
std::vector<int> sockets_of(const process::Heritage& heritage) {
  std::vector<int> fds{heritage.admin_fd};
  for (const process::ListenSocket& socket : heritage.sockets) fds.push_back(socket.fd);
  return fds;
}

}  // namespace

Children::Children(ledger::Ledger& ledger, ListenSockets& sockets)
    : ledger_(ledger), sockets_(sockets), signals_(process::signals_for_master()) {
  process::ignore_signals();
}

/// One for each worker, and behind them that of the peer process.
void Children::hang_bells(const std::vector<int>& inherited) {
  bells_ = process::Doorbells(inherited);
  bells_.hang(ledger_.sizes().max_workers + 1);
}

// --- birth -----------------------------------------------------------------------------------------

bool Children::start(Child& child, const Generation& generation) {
  process::OrderLine line = process::open_order_line();
  process::Heritage heritage = heritage_of(child, generation);
  heritage.order_fd = line.child.get();
  if (child.role == Role::worker) {
    ledger::worker_starting(ledger_, child.number, now());
    ledger::acquire_rows(ledger_, child.number, heritage.server_ids);
  } else if (child.role == Role::control) {
    ledger::control_starting(ledger_, now());
  } else {
    ledger::peer_starting(ledger_, heritage.server_ids, now());
  }
  const pid_t pid = line.master ? process::spawn(title_of(child),
                                                 [&] {
                                                   line.master = {};
                                                   return run_child(child, std::move(heritage));
                                                 })
                                : -1;
  if (pid < 0) {
    if (child.role == Role::worker) ledger_.reclaim(child.number, now());  // what it was to hold
    table_.failed_to_start(child, now());
    return false;
  }
  table_.started(child, pid, now());
  lines_.insert_or_assign(pid, std::move(line.master));
  if (child.role == Role::worker) ledger::worker_forked(ledger_, child.number, pid);
  return true;
}

process::Heritage Children::heritage_of(const Child& child, const Generation& generation) const {
  process::Heritage heritage = generation.heritage;
  heritage.worker = child.number;
  heritage.bells = &bells_;
  heritage.taken_over_at = taken_over_at_;
  if (child.role != Role::worker) {
    heritage.sockets.clear();  // clients' connections are the workers' business
    heritage.listener_files = nullptr;
    heritage.ticket_keys = nullptr;
  }
  if (child.role != Role::peer) heritage.peers_password = {};
  if (child.role != Role::control) {
    heritage.admin_fd = -1;
    heritage.admin_token = {};
    heritage.admin_files = nullptr;
    heritage.alert_secrets = {};
  }
  return heritage;
}

/// In the child: forgets what is not its own, gives up what it does not need, and is what it was forked for.
int Children::run_child(const Child& child, process::Heritage heritage) {
  const config::Config& config = heritage.config;
  if (child.role != Role::control && in_worker_) in_worker_();
  if (child.role != Role::worker && in_others_) in_others_();
  lines_.clear();
  signals_ = process::SignalInbox({});
  sockets_.close_all_but(sockets_of(heritage));
  process::start_log(config.log, child.name());
  if (child.role == Role::worker) {
    process::start_access_log(config.log);
  } else {
    log::start_access_log("");
  }
  auto problem = process::drop_privileges(config.proxy);
  if (!problem && child.role != Role::control && config.proxy.seccomp)
    problem = process::install_seccomp_filter();
  if (problem) {
    log::write(log::Event::privileges_kept, {{"reason", *problem}});
    return 1;
  }
  switch (child.role) {
    case Role::worker:
      return worker::run_worker(heritage);
    case Role::control:
      return control::run_control(heritage);
    case Role::peer:
      return peers::run_peer(heritage);
  }
  return 1;
}

void Children::adopt(const Child& child, process::Descriptor line) {
  table_.adopt(child);
  if (line) lines_.insert_or_assign(child.pid, std::move(line));
}

std::vector<Handover::RunningChild> Children::running_children() const {
  std::vector<Handover::RunningChild> running;
  for (const Child& child : table_.children()) {
    if (child.pid != 0) running.push_back({child, line_to(child)});
  }
  return running;
}

// --- life ------------------------------------------------------------------------------------------

Children::News Children::wait(Nanos at_most, int another) {
  std::array<pollfd, 4> watched{pollfd{signals_.fd(), POLLIN, 0}, pollfd{line_to(Role::control), POLLIN, 0},
                                pollfd{line_to(Role::peer), POLLIN, 0}, pollfd{another, POLLIN, 0}};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(at_most).count();
  ::poll(watched.data(), watched.size(), static_cast<int>(ms));
  News news;
  while (const auto number = signals_.take()) {
    if (*number != SIGCHLD) news.signals.push_back(*number);
  }
  for (process::Order& it : orders_of(Role::control)) {
    if (it.kind == process::Order::Kind::share)
      order(Role::peer, it);
    else
      news.orders.push_back(std::move(it));
  }
  for (const process::Order& it : orders_of(Role::peer))
    if (it.kind == process::Order::Kind::share) order(Role::control, it);
  return news;
}

std::vector<process::Order> Children::orders_of(Role role) const {
  std::vector<process::Order> orders;
  const int line = line_to(role);
  if (line < 0) return orders;
  for (auto received = process::receive_order(line); received.order; received = process::receive_order(line))
    orders.push_back(std::move(*received.order));
  return orders;
}

int Children::line_to(const Child& child) const {
  const auto line = lines_.find(child.pid);
  return child.pid == 0 || line == lines_.end() ? -1 : line->second.get();
}

int Children::line_to(Role role) const {
  for (const Child& child : table_.children()) {
    if (child.role == role) return line_to(child);
  }
  return -1;
}

void Children::kill(Role role) const {
  for (const Child& child : table_.children()) {
    if (child.role == role && child.pid != 0) ::kill(child.pid, SIGKILL);
  }
}

void Children::kill(std::uint32_t generation) const {
  for (const Child& child : table_.children()) {
    if (child.role == Role::worker && child.generation == generation && child.pid != 0)
      ::kill(child.pid, SIGKILL);
  }
}

void Children::order(std::uint32_t generation, const process::Order& order) const {
  for (const Child& child : table_.children()) {
    if (child.role != Role::worker || child.generation != generation || child.pid == 0) continue;
    if (process::send_order(line_to(child), order)) continue;
    if (child.state == ChildState::leaving && process::other_end_closed(line_to(child))) continue;
    log::write(log::Event::worker_killed, {{"child", child.name()}, {"reason", "it takes no orders"}});
    ::kill(child.pid, SIGKILL);
  }
}

// SIGTERM is for those whom an earlier program has forked, which may not know the order: to ours it means
// nothing.

void Children::drain(std::uint32_t generation, std::optional<Nanos> patience) const {
  order(generation, {.kind = process::Order::Kind::drain,
                     .text = patience ? std::to_string(patience->count()) : std::string()});
  for (const Child& child : table_.children()) {
    if (child.role == Role::worker && child.generation == generation && child.pid != 0)
      ::kill(child.pid, SIGTERM);
  }
}

void Children::drain(Role role) const {
  for (const Child& child : table_.children()) {
    if (child.role != role || child.pid == 0) continue;
    if (line_to(child) >= 0) process::send_order(line_to(child), {.kind = process::Order::Kind::drain});
    ::kill(child.pid, SIGTERM);
  }
}

bool Children::order(Role role, const process::Order& order) const {
  const int line = line_to(role);
  return line < 0 || process::send_order(line, order);
}

void Children::pass_log_to_helpers() const {
  for (const Role role : {Role::control, Role::peer})
    if (const int line = line_to(role); line >= 0 && log::descriptor() >= 0)
      process::send_log(line, log::descriptor());
}

void Children::pass_log() const {
  using Kind = process::Order::Kind;
  for (const auto& [pid, line] : lines_) {
    if (log::descriptor() >= 0) process::send_log(line.get(), log::descriptor());
    if (log::access_log_descriptor() >= 0)
      process::send_log(line.get(), log::access_log_descriptor(), Kind::access);
  }
}

// --- death -----------------------------------------------------------------------------------------

std::optional<Children::Death> Children::reap() {
  int status = 0;
  if (const pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0) {
    lines_.erase(pid);
    return Death{table_.exited(pid, now()), pid, status};
  }
  return std::nullopt;
}

}  // namespace finishline::master
