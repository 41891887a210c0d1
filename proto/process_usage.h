// What a process takes of its machine, as the kernel counts it: CPU time and memory. Any process.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/units.h"

namespace finishline {

struct ProcessUsage {
  Nanos cpu{};                       // user and system, of all threads, since it began
  std::uint64_t resident_bytes = 0;  // memory that it has mapped and touched, shared memory included
  bool operator==(const ProcessUsage&) const = default;
};

/// How the kernel counts.
struct ProcessUnits {
  std::int64_t ticks_per_second = 100;
  std::uint64_t page_bytes = 4096;
};

/// Out of the text of /proc/PID/stat (proc(5)); nothing when it is none.
std::optional<ProcessUsage> parse_process_stat(std::string_view text, const ProcessUnits& units);
/// Of a process of this machine; nothing when there is none of that number, or it may not be looked at.
std::optional<ProcessUsage> process_usage(std::int32_t pid);

}  // namespace finishline
