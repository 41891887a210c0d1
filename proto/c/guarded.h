// The border of the library: nothing is thrown into C. Any thread.
#pragma once

#include <new>
#include <system_error>

#include "proto/c/error_text.h"
#include "proto/c/finishline.h"

namespace finishline::clib {

/// What `body` returns, or the result for what it throws.
template <class Body>
int guarded(Body body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return failed(FINISHLINE_OUT_OF_MEMORY, "out_of_memory: there is no memory left");
  } catch (const std::system_error& error) {
    return failed(FINISHLINE_SYSTEM_ERROR, error.what());
  }
}

inline int bad_argument(const char* why) noexcept { return failed(FINISHLINE_BAD_ARGUMENT, why); }

}  // namespace finishline::clib
