#include "proto/state_machine.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

using namespace finishline;

namespace {

enum class Lamp : std::uint8_t { off, on, broken };

inline constexpr Moves<Lamp, 3> kLampMoves{"a lamp",
                                           {{Lamp::off, "off", {Lamp::on}},
                                            {Lamp::on, "on", {Lamp::on, Lamp::off, Lamp::broken}},
                                            {Lamp::broken, "broken", {}}}};

/// What a process says on standard error that makes this move, and the signal that ended it.
std::pair<std::string, int> made_by_child(Lamp from, Lamp to) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGABRT, SIG_DFL);
    ::dup2(ends[1], STDERR_FILENO);
    StateMachine<kLampMoves> lamp(from);
    lamp.enter(to);
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said(256, '\0');
  const ssize_t n = ::read(ends[0], said.data(), said.size());
  said.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return {said, WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

}  // namespace

TEST_CASE("the table knows which moves are legal, also from a state to itself") {
  CHECK(kLampMoves.legal(Lamp::off, Lamp::on));
  CHECK(kLampMoves.legal(Lamp::on, Lamp::on));
  CHECK_FALSE(kLampMoves.legal(Lamp::off, Lamp::off));
  CHECK_FALSE(kLampMoves.legal(Lamp::off, Lamp::broken));
  CHECK_FALSE(kLampMoves.legal(Lamp::broken, Lamp::on));
}

TEST_CASE("a machine is in the state that it entered last, and takes no more room than the enum") {
  StateMachine<kLampMoves> lamp(Lamp::off);
  CHECK(lamp == Lamp::off);
  lamp.enter(Lamp::on);
  lamp.enter(Lamp::broken);
  CHECK(lamp == Lamp::broken);
  static_assert(sizeof lamp == sizeof(Lamp));
}

#ifndef NDEBUG
TEST_CASE("a move that is not in the table ends the process and says which one it was") {
  const auto [said, signal] = made_by_child(Lamp::broken, Lamp::on);
  CHECK(signal == SIGABRT);
  CHECK(said == "finishline: a lamp cannot move from 'broken' to 'on'\n");
  CHECK(made_by_child(Lamp::off, Lamp::on) == std::pair<std::string, int>("", 0));
}
#endif
