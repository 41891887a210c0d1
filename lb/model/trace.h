// Traces: CSV files of time, type and length, to record traffic and to play it again. Pure.
//
//    time_s,type,length
//    0.000000000,video,5
//    0.001250000,music,9
//
// A trace recorded by the proxy (finishline record) has more columns, of which service_s and server are read,
// too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/units.h"

namespace finishline::model {

struct TraceRow {
  Nanos at{};
  std::string type;  // a name or a code letter; resolved by whoever knows the types
  std::uint32_t length = 0;
  Nanos service{};  // how long `server` worked on it, where the trace says so; else 0
  std::string server{};
};

/// Rows in order of time (rows of the same time keep their order). The first line names the columns, which
/// may stand in any order and among others, and any but these three may be missing; without it they are
/// time_s,type,length. Empty lines and lines that begin with '#' are skipped. The string says what is wrong,
/// with the line.
std::variant<std::vector<TraceRow>, std::string> parse_trace(std::string_view text);

/// "0.001250000,music,9" and a line end, behind what `out` holds.
void append_trace_row(std::string& out, Nanos at, std::string_view type, std::uint32_t length);
/// Seconds with nine decimals, "0.001250000", exact.
void append_seconds(std::string& out, Nanos at);

}  // namespace finishline::model
