// How many file descriptors a worker needs: arithmetic on the configuration. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "lb/config/config.h"

namespace finishline::config {

/// A worker splices streams through so many pipes at most.
inline constexpr std::uint64_t kPipesPerWorker = 16;

/// The need of one worker. Nothing forces the kernel to spread connections evenly, so each worker must be
/// able to hold them all.
struct DescriptorNeed {
  std::uint64_t connections = 0;  // proxy.max_connections
  bool by_default = false;        // which nobody has set
  std::uint64_t streams = 0;      // their connections to servers: as many, where a listener takes streams
  std::uint64_t links = 0;        // the sum of server.links
  std::uint64_t listeners = 0;    // the inherited socket and the loop's own duplicate of each
  std::uint64_t pipes = 0;        // both ends of those for streams
  std::uint64_t fixed = 0;  // standard streams, log, event loop, what the kernel accepts beyond the limit

  std::uint64_t sum() const { return connections + streams + links + listeners + pipes + fixed; }
};

DescriptorNeed descriptor_need(const Config& config);
/// "10000 client connections (proxy.max_connections) + 3 links + 2 for 1 listener + 64 others = 10069
/// descriptors per worker"
std::string to_string(const DescriptorNeed& need);

/// As this process has it, which its children inherit.
std::uint64_t hard_limit_of_files();
/// Where nobody has said how many clients there may be (Config::default_connections), as many as the limit
/// allows, at most as many as without one.
void fit_connections(Config& config, std::uint64_t hard_limit);

bool connections_lowered(const Config& config);
/// "its default, 10000, would need a limit of open files of 10069, ...": what the limit should be, and what
/// to set instead. Precondition: connections_lowered().
std::string why_lowered(const Config& config);

/// Why a hard limit of RLIMIT_NOFILE is too low, with the arithmetic and the remedy; "" when it is enough.
std::string shortage(const DescriptorNeed& need, std::uint64_t hard_limit);

}  // namespace finishline::config
