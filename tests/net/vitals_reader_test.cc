// Pages of servers that say there how they are, on a real loop.
#include "lb/control/vitals_reader.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>

#include "lb/http/server.h"

using namespace finishline;
using namespace finishline::control;

namespace {

struct PageServer {
  PageServer() {
    router.get("/metrics", [this](const http::HttpRequest&) {
      ++asked;
      return http::HttpReply{status, "text/plain", text};
    });
    server.emplace(loop, fd, router);
  }
  ~PageServer() {
    server.reset();
    ::close(fd);
  }
  VitalsReader::VitalsTarget target() const {
    return {.row = 3, .address = net::bound_address(fd), .host = "127.0.0.1", .path = "/metrics"};
  }
  /// Until so many pages were asked for, and the last one is there.
  void run_until(int pages) {
    net::Timer look(loop, [&] {
      if (asked > pages) loop.stop();
    });
    look.start(5ms, 5ms);
    loop.run();
  }

  net::Loop loop;
  int fd = std::get<int>(net::open_listener(std::get<net::Address>(net::parse_address("127.0.0.1:0"))));
  int status = 200, asked = 0;
  std::string text = "process_cpu_seconds_total 1\nprocess_resident_memory_bytes 4096\n";
  http::HttpRouter router;
  std::optional<http::HttpServer> server;
};

}  // namespace

TEST_CASE("a server's page is read again and again, and forgotten when it fails") {
  PageServer page;
  VitalsReader reader(page.loop, {page.target()}, 20ms);
  CHECK(!reader.vitals(3));
  page.run_until(1);
  REQUIRE(reader.vitals(3));
  CHECK(reader.vitals(3)->memory_bytes == 4096);
  CHECK(reader.vitals(3)->cpu_percent == 0);
  CHECK(!reader.vitals(4));
  page.text = "process_cpu_seconds_total 2\nprocess_resident_memory_bytes 8192\n";
  page.run_until(page.asked + 1);
  CHECK(reader.vitals(3)->memory_bytes == 8192);
  reader.change_to({page.target()});
  CHECK(reader.vitals(3));
  page.status = 503;
  page.run_until(page.asked + 1);
  CHECK(!reader.vitals(3));
}
