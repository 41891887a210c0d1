// What the other side says of itself (PROTOCOL.md), as far as a client in C reads it. Pure.
#pragma once

#include <string_view>

namespace finishline::clib {

/// The letter of a request type; 0 when this is no description that names it. Names with escapes are not
/// found.
char type_in(std::string_view description, std::string_view name);
/// Whether the body of a pong says that frames of kind cancel are understood.
bool says_cancel(std::string_view vitals);

}  // namespace finishline::clib
