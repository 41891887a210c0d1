#include "lb/process/doorbell.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <unistd.h>

using namespace finishline;
using process::Doorbells;

namespace {

bool sounds(const Doorbells& bells, ledger::WorkerId worker) {
  pollfd bell{bells.fd(worker), POLLIN, 0};
  return ::poll(&bell, 1, 0) == 1;
}

}  // namespace

TEST_CASE("a bell sounds for its worker until that has silenced it, however often it was rung") {
  const Doorbells bells(3);
  for (int times = 0; times < 5; ++times) bells.ring(1);
  CHECK_FALSE(sounds(bells, 0));
  CHECK(sounds(bells, 1));
  bells.silence(1);
  CHECK_FALSE(sounds(bells, 1));
  bells.silence(1);  // nothing happens
  bells.ring_all();
  for (const ledger::WorkerId worker : {0U, 1U, 2U}) CHECK(sounds(bells, worker));
}

TEST_CASE("who has no bell is not rung, and nobody minds") {
  const Doorbells none;
  none.ring(7);
  none.silence(7);
  CHECK(none.fd(7) == -1);
  CHECK(none.empty());
}

TEST_CASE("the next program has the same bells") {
  const Doorbells before(2);
  std::vector<int> kept;
  for (const int fd : before.fds()) kept.push_back(::dup(fd));
  const Doorbells after(kept);
  before.ring(1);
  CHECK(sounds(after, 1));
  CHECK_FALSE(sounds(after, 0));
}
