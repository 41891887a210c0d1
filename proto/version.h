// The version of the programs.
#pragma once

namespace finishline {

/// As in "0.1.0": what the file .version held when this was built.
const char* version();

}  // namespace finishline
