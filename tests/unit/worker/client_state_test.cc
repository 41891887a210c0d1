#include "lb/worker/client_state.h"

#include <doctest/doctest.h>

#include <vector>

using namespace finishline;
using namespace finishline::worker;

namespace {

const std::vector<ClientInput> kAllInputs{ClientInput::reading, ClientInput::paused,
                                          ClientInput::ended_paused, ClientInput::ended, ClientInput::closed};
const std::vector<Goodbye> kAllGoodbyes{Goodbye::none, Goodbye::owed, Goodbye::told, Goodbye::wordless};

}  // namespace

TEST_CASE("a client's connection can be closed in any state but once, and nothing comes after that") {
  for (const ClientInput input : kAllInputs) {
    CHECK(kClientInputMoves.legal(input, ClientInput::closed) == (input != ClientInput::closed));
    CHECK_FALSE(kClientInputMoves.legal(ClientInput::closed, input));
  }
}

TEST_CASE("an input that has ended is never read again, but what came before the end may wait") {
  for (const ClientInput ended : {ClientInput::ended, ClientInput::ended_paused}) {
    CHECK_FALSE(kClientInputMoves.legal(ended, ClientInput::reading));
    CHECK_FALSE(kClientInputMoves.legal(ended, ClientInput::paused));
  }
  CHECK(kClientInputMoves.legal(ClientInput::paused, ClientInput::ended_paused));
  CHECK(kClientInputMoves.legal(ClientInput::ended, ClientInput::ended_paused));
  CHECK(kClientInputMoves.legal(ClientInput::ended_paused, ClientInput::ended));
}

TEST_CASE("requests that wait are taken before it is known that the input has ended") {
  CHECK_FALSE(kClientInputMoves.legal(ClientInput::paused, ClientInput::ended));
  CHECK_FALSE(kClientInputMoves.legal(ClientInput::reading, ClientInput::ended_paused));
}

TEST_CASE("a client is told to go only by a worker that drains, and never has it unsaid") {
  for (const Goodbye told : {Goodbye::told, Goodbye::wordless}) {
    CHECK(kGoodbyeMoves.legal(Goodbye::owed, told));
    CHECK_FALSE(kGoodbyeMoves.legal(Goodbye::none, told));
    CHECK(kGoodbyeMoves.legal(told, told));
    for (const Goodbye other : kAllGoodbyes) CHECK((other == told || !kGoodbyeMoves.legal(told, other)));
  }
  for (const Goodbye any : kAllGoodbyes) CHECK_FALSE(kGoodbyeMoves.legal(any, Goodbye::none));
}
