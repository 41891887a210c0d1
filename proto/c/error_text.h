// What finishline_error() returns: the words about what went wrong last in a thread. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "proto/c/finishline.h"

namespace finishline::clib {

/// Sets them for this thread; gives `result` back, so that a failing function ends in one line. Where there
/// is no memory for the words it keeps what fits.
int failed(int result, std::string_view words) noexcept;
/// "what: the words of errno". Use it at once, as long as errno is that of the failure.
std::string system_words(std::string_view what, int number);
/// What is said of a reply that is not ok. `why`: what is known of this one, or "".
std::string words_for(const finishline_reply& reply, const std::string& why = "");

}  // namespace finishline::clib
