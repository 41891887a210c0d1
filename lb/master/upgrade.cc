#include "lb/master/upgrade.h"

#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "lb/ledger/revision.h"
#include "lb/log/log.h"
#include "lb/master/clock.h"
#include "lb/master/wanted_change.h"
#include "lb/process/command.h"
#include "lb/process/notify.h"
#include "lb/process/spawn.h"

namespace finishline::master {
namespace {

constexpr Nanos kTrialPatience = 15s;

}  // namespace

void Upgrade::begin(std::uint32_t asked) {
  tell_begun(process::Order::Kind::upgrade, asked, ledger_, children_);
  log::write(log::Event::upgrading, {{"program", program_.path}});
  process::notify_reloading();
  if (const std::string why = process::fault_of_program(program_.path); !why.empty()) return refuse(why);
  const pid_t pid = process::try_program(program_.path, {"check", "-c", change_.file()});
  if (pid < 0) return refuse(program_.path + " cannot be tried: " + std::strerror(errno));
  trial_ = Trial{.pid = pid, .end_by = now() + kTrialPatience};
}

void Upgrade::give_up(const std::string& why) {
  if (!trial_) return;
  ::kill(trial_->pid, SIGKILL);
  tell_refusal(why);
}

void Upgrade::kill_overdue(Instant now) const {
  if (trial_ && now > trial_->end_by) ::kill(trial_->pid, SIGKILL);
}

bool Upgrade::ended(pid_t pid) {
  if (!trial_ || trial_->pid != pid) return false;
  trial_.reset();
  return true;
}

void Upgrade::conclude(int status) const {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return become();
  if (WIFEXITED(status) && WEXITSTATUS(status) == process::kNotRun)
    return refuse(program_.path +
                  ": it cannot be executed: it is no program for this machine, or is being written");
  refuse("'check' of the new program, " + program_.path + ": " + process::describe_wait_status(status));
}

void Upgrade::become() const {
  const Handover state = handover();
  const process::Descriptor memory = leave_handover(state);
  if (!memory) return refuse("no memory for the handover");
  const std::string why = process::become(program_);
  withdraw_handover();
  keep_over_exec(state, false);
  refuse(why);
}

void Upgrade::refuse(const std::string& why) const {
  tell_refusal(why);
  change_.tell_ready("an upgrade was refused, ");
}

void Upgrade::tell_refusal(const std::string& why) const {
  log::write(log::Event::upgrade_refused, {{"reason", why}});
  children_.order_control({.kind = process::Order::Kind::refused, .text = why + '\n'});
  ledger::count_refused_reload(ledger_);  // behind the reason: who waits for the outcome will find it
}

Handover Upgrade::handover() const {
  const Generation& current = change_.serving();
  Handover will{.ledger = ledger_.descriptor(),
                .revision = current.heritage.revision,
                .generation = current.number,
                .sockets = {},
                .bells = children_.bells().fds(),
                .children = children_.running_children(),
                .strangers = {},
                .servers = servers_.running(),
                .source = current.source};
  will.files = sockets_.files();
  will.state_lock = state_lock_.descriptor();
  will.given.assign(sockets_.given().begin(), sockets_.given().end());
  for (const auto& [place, socket] : sockets_.places()) will.sockets.emplace_back(place, socket.get());
  return will;
}

}  // namespace finishline::master
