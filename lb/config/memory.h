// How much memory a configuration can make the proxy use: arithmetic. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "lb/config/config.h"

namespace finishline::config {

/// The most that one worker comes to hold, in bytes. What the kernel keeps in socket buffers stands beside
/// it.
struct MemoryNeed {
  std::uint64_t fixed = 0;  // program, event loop, read buffer, buffers kept for reuse
  std::uint64_t connections =
      0;                   // proxy.max_connections of them, each with the little that it may hold in any case
  std::uint64_t tls = 0;   // of connections that speak it, both ways, with their handshakes
  std::uint64_t held = 0;  // for clients and servers: twice proxy.max_buffered, where clients are dropped
  std::uint64_t pipes = 0;  // of what is held, as much may be in pipes for streams
  std::uint64_t kernel =
      0;  // the most that all their sockets can hold together, of all workers; not in sum()
  std::uint64_t latencies = 0;  // histograms in the ledger, of all workers; not in sum()

  std::uint64_t sum() const { return fixed + connections + tls + held; }
};

/// What the kernel keeps at most, in bytes: for one socket, both ways, and for all of this machine.
struct SocketMemory {
  std::uint64_t of_one = 0;
  std::uint64_t of_all = 0;
};
MemoryNeed memory_need(const Config& config, const SocketMemory& sockets = {});
/// The largest body that this listener takes: its max_body, held to a quarter of proxy.max_buffered, which is
/// what one client can hold at most (worker/byte_budget.h).
std::uint32_t largest_body(const Config& config, const Listener& listener);
/// The largest body of a reply that the links to this pool take: what its listeners take, 16 MiB at least.
std::uint32_t largest_reply(const Config& config, const Pool& pool);
/// "48 MiB + 10000 client connections x 3 KiB + 512 MiB held = 570 MiB per worker; the kernel's socket
/// buffers ..."
std::string to_string(const MemoryNeed& need, const Config& config);

}  // namespace finishline::config
