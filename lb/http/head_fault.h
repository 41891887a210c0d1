// What is wrong with the head of an HTTP/1 request that no parser takes, in words for whoever has sent it.
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace finishline::http {

/// The first fault of a head that HeadScan has found whole, with the line where it stands; "no HTTP/1.1
/// request" when it is none of those that can be told.
std::string fault_of_head(std::string_view head);

}  // namespace finishline::http
