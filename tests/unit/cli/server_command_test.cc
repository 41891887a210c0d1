#include "lb/cli/server_command.h"

#include <doctest/doctest.h>

using finishline::cli::server_state_text;

TEST_CASE("a drain tells what is still there, of its kind and in number, and why a restart forgets it") {
  CHECK(server_state_text(R"({"server": "video-1", "state": "draining", "carries": "requests", "in_flight": 1,
                             "survives_restart": true})",
                          true) == "video-1 is draining, 1 request in flight\n");
  CHECK(server_state_text(R"({"server": "web-1", "state": "draining", "carries": "streams", "in_flight": 3,
                             "survives_restart": false, "forgotten_because": "proxy.state_dir is not set"})",
                          true) ==
        "web-1 is draining, 3 streams open\na restart of the proxy gives it work again: the order is not "
        "kept, as "
        "proxy.state_dir is not set\n");
  CHECK(server_state_text(R"({"server": "web-1", "state": "up", "carries": "streams", "in_flight": 0,
                             "survives_restart": false})",
                          false) == "web-1 is up, 0 streams open\n");
  CHECK(server_state_text("nonsense", true).empty());
}
