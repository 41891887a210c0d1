#include "lb/config/descriptors.h"

#include <sys/resource.h>

namespace finishline::config {
namespace {

constexpr std::uint64_t kFixed = 64;
constexpr std::uint64_t kPerListener = 2;

std::string counted(std::uint64_t n, const std::string& noun) {
  return std::to_string(n) + ' ' + noun + (n == 1 ? "" : "s");
}

}  // namespace

DescriptorNeed descriptor_need(const Config& config) {
  DescriptorNeed need;
  need.connections = config.proxy.max_connections;
  need.by_default = config.default_connections;
  if (config.has_streams()) need.streams = need.connections;
  for (const Server& server : config.servers) {
    if (!config.serves_streams(server))
      need.links += server.protocol == Mode::http ? server.slots : server.links;
  }
  need.listeners = kPerListener * config.listeners.size();
  if (config.may_splice()) need.pipes = 2 * kPipesPerWorker;
  need.fixed = kFixed + config.proxy.max_workers + 1;  // each has the bells of all
  return need;
}

std::string to_string(const DescriptorNeed& need) {
  const std::string streams = need.streams > 0 ? " + as many to servers of streams" : "";
  const std::string pipes = need.pipes > 0 ? " + " + counted(need.pipes, "end") + " of pipes" : "";
  const std::string key =
      need.by_default ? " (the default of proxy.max_connections)" : " (proxy.max_connections)";
  return counted(need.connections, "client connection") + key + streams + " + " +
         counted(need.links, "link") + " + " + std::to_string(need.listeners) + " for " +
         counted(need.listeners / kPerListener, "listener") + pipes + " + " + counted(need.fixed, "other") +
         " = " + counted(need.sum(), "descriptor") + " per worker";
}

std::uint64_t hard_limit_of_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_max;
}

void fit_connections(Config& config, std::uint64_t hard_limit) {
  if (!config.default_connections) return;
  const DescriptorNeed need = descriptor_need(config);
  const std::uint64_t of_one = need.streams > 0 ? 2 : 1, others = need.sum() - of_one * need.connections;
  if (need.sum() <= hard_limit || hard_limit < others + of_one) return;
  config.proxy.max_connections = static_cast<std::uint32_t>((hard_limit - others) / of_one);
}

bool connections_lowered(const Config& config) {
  return config.default_connections && config.proxy.max_connections < Proxy().max_connections;
}

std::string why_lowered(const Config& config) {
  Config unlimited = config;
  unlimited.proxy.max_connections = Proxy().max_connections;
  return "its default, " + std::to_string(unlimited.proxy.max_connections) +
         ", takes a limit of open files of " + std::to_string(descriptor_need(unlimited).sum()) +
         "; raise that (ulimit -Hn, LimitNOFILE=), or write proxy.max_connections";
}

/// Where not even one client fits, what nobody has asked for is no part of the sum.
std::string shortage(const DescriptorNeed& need, std::uint64_t hard_limit) {
  if (need.sum() <= hard_limit) return "";
  const std::uint64_t of_one = need.streams > 0 ? 2 : 1;
  const std::uint64_t least = need.sum() - of_one * need.connections + of_one;
  const std::string raise = "; raise it (ulimit -Hn, LimitNOFILE=) to ";
  const std::string limit = ", but the hard limit is " + std::to_string(hard_limit) + raise;
  if (least <= hard_limit)
    return "too few file descriptors: " + to_string(need) + limit + std::to_string(need.sum()) +
           ", or lower proxy.max_connections";
  DescriptorNeed one = need;
  one.connections = 1;
  one.streams = need.streams > 0 ? 1 : 0;
  one.by_default = false;
  return "too few file descriptors even for one client: " + to_string(one) + limit + std::to_string(least) +
         " at least, and to " + std::to_string(need.sum()) + " for the " + std::to_string(need.connections) +
         " connections that " +
         (need.by_default ? "are the default of proxy.max_connections" : "proxy.max_connections asks for");
}

}  // namespace finishline::config
