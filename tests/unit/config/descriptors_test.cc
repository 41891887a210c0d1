#include "lb/config/descriptors.h"

#include <doctest/doctest.h>

using namespace finishline::config;

TEST_CASE("a worker needs descriptors for all connections, every link, its listeners and itself") {
  Config config;
  config.proxy.max_connections = 500;
  config.listeners.resize(2);
  config.servers.resize(3);
  config.servers[2].links = 4;
  const DescriptorNeed need = descriptor_need(config);
  CHECK(need.sum() == 500 + 6 + 4 + 64 + 129);
  CHECK(to_string(need) ==
        "500 client connections (proxy.max_connections) + 6 links + 4 for 2 listeners + 193 others = 703 "
        "descriptors per worker");
}

TEST_CASE("a limit that is too low is refused with the arithmetic, one that suffices is not") {
  DescriptorNeed need;
  need.connections = 3;
  need.links = 1;
  need.listeners = 2;
  need.fixed = 64;
  CHECK(shortage(need, 70) == "");
  CHECK(
      shortage(need, 69) ==
      "too few file descriptors: 3 client connections (proxy.max_connections) + 1 link + 2 for 1 listener + "
      "64 others = 70 descriptors per worker, but the hard limit is 69; raise it (ulimit -Hn, LimitNOFILE=) "
      "to 70, or lower proxy.max_connections");
  const std::string one =
      "too few file descriptors even for one client: 1 client connection (proxy.max_connections) + 1 link + "
      "2 "
      "for 1 listener + 64 others = 68 descriptors per worker, but the hard limit is 67; raise it (ulimit "
      "-Hn, LimitNOFILE=) to 68 at least, and to 70 for the 3 connections that ";
  CHECK(shortage(need, 67) == one + "proxy.max_connections asks for");
  need.by_default = true;
  CHECK(shortage(need, 67) == one + "are the default of proxy.max_connections");
}

TEST_CASE(
    "connections that nobody has asked for are as many as the limit allows, and those asked for as asked") {
  Config config;
  config.servers.resize(1);
  const std::uint64_t others = descriptor_need(config).sum() - config.proxy.max_connections;
  config.default_connections = true;
  fit_connections(config, 10000 + others);
  CHECK(config.proxy.max_connections == 10000);
  CHECK_FALSE(connections_lowered(config));
  fit_connections(config, 1000 + others);
  CHECK(config.proxy.max_connections == 1000);
  CHECK(connections_lowered(config));
  CHECK(why_lowered(config) == "its default, 10000, takes a limit of open files of " +
                                   std::to_string(10000 + others) +
                                   "; raise that (ulimit -Hn, LimitNOFILE=), or write proxy.max_connections");
  CHECK(shortage(descriptor_need(config), 1000 + others) == "");
  fit_connections(config, others);  // not even one
  CHECK(config.proxy.max_connections == 1000);
  Config asked;
  fit_connections(asked, 1000);
  CHECK(asked.proxy.max_connections == 10000);
}
