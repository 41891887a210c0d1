#include "lb/config/memory.h"

#include <algorithm>

#include "lb/config/descriptors.h"
#include "lb/model/latency_histogram.h"

namespace finishline::config {
namespace {

constexpr std::uint64_t kMiB = 1U << 20;
constexpr std::uint64_t kFixed = 48 * kMiB;
/// Measured: about 600 bytes of an idle one, tables grown by doubling. Beside that the little that each may
/// hold however much others do (worker/byte_budget.h).
constexpr std::uint64_t kPerConnection = 1024 + 2048;

/// Measured: an idle one holds 12 KiB, the last piece of a record that has begun 16 KiB more.
constexpr std::uint64_t kPerTls = 28 * 1024;

/// Of clients, of their streams to servers, and of links.
std::uint64_t tls_connections(const Config& config) {
  const auto clients = std::ranges::any_of(config.listeners, &Listener::speaks_tls);
  std::uint64_t streams = 0, links = 0;
  for (const Server& server : config.servers) {
    if (server.tls && config.serves_streams(server)) streams = config.proxy.max_connections;
    if (server.tls) links += server.links;
  }
  return (clients ? config.proxy.max_connections : 0) + streams + links;
}

constexpr std::uint64_t kPipe = kMiB;

std::string mib(std::uint64_t bytes) { return std::to_string((bytes + kMiB - 1) / kMiB) + " MiB"; }

/// A block for each worker and server, and four for each worker, pool and request type. Two generations of
/// workers have blocks of their own.
std::uint64_t latencies_of(const Config& config) {
  std::uint64_t series = config.servers.size();
  for (const Pool& pool : config.pools)
    series += pool.streams ? model::kStreamLatencies
                           : model::kRequestLatencies * config.cost.request_types().size();
  const std::uint64_t blocks =
      std::min<std::uint64_t>(2 * config.worker_count() * series,
                              model::latency_blocks(config.proxy.max_workers, config.proxy.max_servers));
  return blocks * model::kLatencyBlockBytes;
}

}  // namespace

MemoryNeed memory_need(const Config& config, const SocketMemory& sockets) {
  const std::uint64_t to_servers = config.has_streams() ? config.proxy.max_connections : 0;
  return {.fixed = kFixed,
          .connections = kPerConnection * config.proxy.max_connections,
          .tls = kPerTls * tls_connections(config),
          .held = 2 * config.proxy.max_buffered,
          .pipes = config.may_splice() ? kPipesPerWorker * kPipe : 0,
          .kernel = std::min(sockets.of_one * (config.proxy.max_connections + to_servers), sockets.of_all),
          .latencies = latencies_of(config)};
}

std::uint32_t largest_body(const Config& config, const Listener& listener) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(listener.max_body, config.proxy.max_buffered / 4));
}

std::uint32_t largest_reply(const Config& config, const Pool& pool) {
  std::uint32_t largest = proto::kDefaultMaxBody;
  for (const Listener& listener : config.listeners)
    if (listener.pool == pool.name) largest = std::max(largest, listener.max_body);
  return largest;
}

std::string to_string(const MemoryNeed& need, const Config& config) {
  return mib(need.fixed) + " + " + std::to_string(config.proxy.max_connections) +
         " client connections x 3 KiB + " + (need.tls == 0 ? "" : mib(need.tls) + " for TLS + ") +
         mib(need.held) + " held" +
         (need.pipes == 0 ? "" : ", up to " + mib(need.pipes) + " of it in pipes,") + " = " +
         mib(need.sum()) + " per worker; latency histograms in the ledger take up to " + mib(need.latencies) +
         (need.kernel == 0 ? "" : "; besides, the kernel's socket buffers take up to " + mib(need.kernel));
}

}  // namespace finishline::config
