#include "lb/config/memory.h"

namespace finishline::config {
namespace {

constexpr std::uint64_t kMiB = 1U << 20;
constexpr std::uint64_t kFixed = 48 * kMiB;
constexpr std::uint64_t kPerConnection = 1024;  // measured: about 600 bytes, tables grown by doubling

std::string mib(std::uint64_t bytes) { return std::to_string((bytes + kMiB - 1) / kMiB) + " MiB"; }

}  // namespace

MemoryNeed memory_need(const Config& config) {
  return {.fixed = kFixed,
          .connections = kPerConnection * config.proxy.max_connections,
          .held = 2 * config.proxy.max_buffered};
}

std::string to_string(const MemoryNeed& need, const Config& config) {
  return mib(need.fixed) + " + " + std::to_string(config.proxy.max_connections) + " client connections x 1 KiB + " +
         mib(need.held) + " held = " + mib(need.sum()) + " per worker";
}

}  // namespace finishline::config
