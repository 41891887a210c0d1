// The two state machines of a client connection: what becomes of its requests, and how it is told to go.
// Worker process.
#pragma once

#include <cstdint>

#include "proto/state_machine.h"

namespace finishline::worker {

enum class ClientInput : std::uint8_t {
  reading,       // requests are taken as they come
  paused,        // requests may wait in the decoder until there is room for them
  ended_paused,  // the same, and no more bytes are read
  ended,         // all has been taken; the client may still read replies
  closed,
};

inline constexpr Moves<ClientInput, 5> kClientInputMoves{
    "a client's input",
    {{ClientInput::reading, "reading", {ClientInput::paused, ClientInput::ended, ClientInput::closed}},
     {ClientInput::paused, "paused", {ClientInput::reading, ClientInput::ended_paused, ClientInput::closed}},
     {ClientInput::ended_paused, "ended_paused", {ClientInput::ended, ClientInput::closed}},
     {ClientInput::ended, "ended", {ClientInput::ended_paused, ClientInput::closed}},  // room for some only
     {ClientInput::closed, "closed", {}}}};

/// How a client takes leave of a worker that drains. It leaves by itself, or is closed when it is quiet.
enum class Goodbye : std::uint8_t {
  none,  // the worker does not drain
  owed,  // it does, and this client has asked for nothing yet: its first request is served before it is told
  told,  // what it asks from now on is refused
  wordless,  // its protocol has no word for it: what it asks is served to the end
};

inline constexpr Moves<Goodbye, 4> kGoodbyeMoves{
    "a client's goodbye",
    {{Goodbye::none, "none", {Goodbye::owed}},
     {Goodbye::owed, "owed", {Goodbye::told, Goodbye::wordless}},
     {Goodbye::told, "told", {Goodbye::told}},  // drained once more
     {Goodbye::wordless, "wordless", {Goodbye::wordless}}}};

}  // namespace finishline::worker
