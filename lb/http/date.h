// The date of a reply, as HTTP writes it.
#pragma once

#include <chrono>
#include <string_view>

namespace finishline::http {

/// "Sat, 28 Nov 2026 12:15:59 GMT". Written out once a second; good until the next call on this thread.
std::string_view date_text(std::chrono::system_clock::time_point at);

}  // namespace finishline::http
