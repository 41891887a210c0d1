// How much memory a configuration can make the proxy use: arithmetic. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "lb/config/config.h"

namespace finishline::config {

/// The most that one worker comes to hold, in bytes. What the kernel keeps in socket buffers is not in it.
struct MemoryNeed {
  std::uint64_t fixed = 0;        // program, event loop, read buffer, buffers kept for reuse
  std::uint64_t connections = 0;  // idle ones, proxy.max_connections of them
  std::uint64_t held = 0;         // for clients and servers: twice proxy.max_buffered, where clients are dropped

  std::uint64_t sum() const { return fixed + connections + held; }
};

MemoryNeed memory_need(const Config& config);
/// "48 MiB + 10000 client connections x 1 KiB + 512 MiB held = 570 MiB per worker"
std::string to_string(const MemoryNeed& need, const Config& config);

}  // namespace finishline::config
