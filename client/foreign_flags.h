// Flags of other load generators (wrk, hey, ab) that we do not have, and what to say instead. Pure.
#pragma once

#include <string>

namespace finishline::client {

/// What to say instead of `flag`, as ": say --rate for ..."; "" when it is no flag of theirs.
std::string instead_of(const std::string& flag);

}  // namespace finishline::client
