#include "lb/config/memory.h"

#include <doctest/doctest.h>

using namespace finishline::config;

TEST_CASE("the memory that a worker may come to use follows from connections and bytes held") {
  Config config;
  CHECK(to_string(memory_need(config), config) ==
        "48 MiB + 10000 client connections x 3 KiB + 512 MiB held = 590 MiB per worker; latency "
        "histograms in the ledger take up to 0 MiB");
  CHECK(to_string(memory_need(config, {.of_one = 1U << 20, .of_all = 2000U << 20}), config)
            .ends_with("; besides, the kernel's socket buffers take up to 2000 MiB"));
  config.proxy.workers = 16;
  config.servers.resize(1024);
  CHECK(memory_need(config).latencies == 2ULL * 16 * 1024 * 8720);
  config.proxy.max_connections = 1024 * 1024;
  config.proxy.max_buffered = 64U << 20;
  CHECK(memory_need(config).sum() == (48ULL + 3 * 1024 + 128) << 20);
}

TEST_CASE("a body is as large as a listener says, and as a quarter of what is held allows") {
  Config config;
  Listener listener;
  listener.max_body = 64U << 20;
  CHECK(largest_body(config, listener) == 64U << 20);
  config.proxy.max_buffered = 4U << 20;
  CHECK(largest_body(config, listener) == 1U << 20);
}

TEST_CASE("a reply may be as large as the largest request, and 16 MiB in any case") {
  Config config;
  config.listeners.resize(2);
  config.listeners[0].pool = "media";
  config.listeners[0].max_body = 64U << 20;
  config.listeners[1].pool = "other";
  config.listeners[1].max_body = 1U << 30;
  Pool media;
  media.name = "media";
  CHECK(largest_reply(config, media) == 64U << 20);
  config.listeners[0].max_body = 100;
  CHECK(largest_reply(config, media) == 16U << 20);
}
