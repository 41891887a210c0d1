// Which headers go through the proxy to a server that speaks HTTP, and back from one. Whatever concerns one
// connection alone (RFC 9110, 7.6.1) never does, nor what the proxy says itself. Pure.
#pragma once

#include <string>
#include <string_view>

#include "lb/http/request_head.h"

namespace finishline::http {

/// Whether a header of this name, in any case, is handed on.
bool goes_to_server(std::string_view name);
bool goes_to_client(std::string_view name);

/// One more line of a head.
void add_line(std::string& lines, std::string_view name, std::string_view value);

/// Of a request, as lines for a server; Content-Type is among them whatever the client has said.
std::string lines_for_server(const RequestHead& head);

inline constexpr std::string_view kBytesType = "application/octet-stream";

}  // namespace finishline::http
