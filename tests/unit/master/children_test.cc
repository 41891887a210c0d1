// Whom an order that does not arrive costs its life. In a child of the test: a children reaps all children it
// finds.
#include "lb/master/children.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lb/process/spawn.h"

using namespace finishline;
using namespace finishline::master;

namespace {

/// Sends an order to a worker that has closed its line; whether that lives on.
bool survives_an_order(bool leaving) {
  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 1}));
  ListenSockets sockets;
  Children children(ledger, sockets);
  const pid_t pid = process::spawn("ending", [] { return ::pause(); });
  const ChildState state = leaving ? ChildState::leaving : ChildState::running;
  process::OrderLine line = process::open_order_line();
  line.child = {};
  children.adopt({.generation = 1, .pid = pid, .state = StateMachine<kChildMoves>(state)},
                 std::move(line.master));
  children.drain(1, 1s);
  ::usleep(100'000);
  const bool lives = !children.reap();
  ::kill(pid, SIGKILL);
  return lives;
}

bool in_a_child(bool leaving) {
  int status = 0;
  const pid_t pid = process::spawn("master", [leaving] { return survives_an_order(leaving) ? 1 : 0; });
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status) == 1;
}

}  // namespace

TEST_CASE("a worker that was told to end and has closed its line is at its end, and not killed") {
  CHECK(in_a_child(true));
}

TEST_CASE("a worker that takes no orders and was not told to end is killed") {
  CHECK_FALSE(in_a_child(false));
}
