#include "lb/config/memory.h"

#include <doctest/doctest.h>

using namespace finishline::config;

TEST_CASE("the memory that a worker may come to use follows from connections and bytes held") {
  Config config;
  CHECK(to_string(memory_need(config), config) ==
        "48 MiB + 10000 client connections x 1 KiB + 512 MiB held = 570 MiB per worker");
  config.proxy.max_connections = 1024 * 1024;
  config.proxy.max_buffered = 64U << 20;
  CHECK(memory_need(config).sum() == (48ULL + 1024 + 128) << 20);
}
