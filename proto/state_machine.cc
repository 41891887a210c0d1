#include "proto/state_machine.h"

#include <cstdio>
#include <cstdlib>

namespace finishline {

void abort_illegal_move(const char* machine, const char* from, const char* to) {
  std::fprintf(stderr, "finishline: %s cannot move from '%s' to '%s'\n", machine, from, to);
  std::abort();
}

}  // namespace finishline
