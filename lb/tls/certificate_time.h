// Time as certificates count it. Pure.
#pragma once

#include <cstdint>

namespace finishline::tls {

/// Seconds since 1970.
using CalendarTime = std::int64_t;

}  // namespace finishline::tls
