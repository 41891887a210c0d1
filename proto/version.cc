#include "proto/version.h"

namespace finishline {

const char* version() { return FINISHLINE_VERSION; }

}  // namespace finishline
