// The peer process: shares this proxy's books with others before the same servers. It may be slow, or away,
// and no request waits for it.
#pragma once

#include "lb/process/heritage.h"

namespace finishline::peers {

/// Returns the exit code when it was told to end.
int run_peer(process::Heritage& heritage);

}  // namespace finishline::peers
