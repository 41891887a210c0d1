#include "lb/control/process_page.h"

#include <doctest/doctest.h>

#include "lb/config/metrics_url.h"
#include "tests/support/config_file.h"

using namespace finishline;
using namespace finishline::control;

TEST_CASE("a page for Prometheus tells CPU and memory of its process") {
  const ProcessPage page = process_page_of(
      "# HELP process_cpu_seconds_total Total user and system CPU time.\n"
      "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 12.47\r\n"
      "process_resident_memory_bytes 1.2574720e+07 1790000000000\ngo_goroutines 9\n");
  CHECK(page.cpu_seconds == 12.47);
  CHECK(page.resident_bytes == 12574720);
}

TEST_CASE("what makes no sense on such a page is not there") {
  for (const char* const text : {"", "process_cpu_seconds_total", "process_cpu_seconds_total NaN\n",
                                 "process_cpu_seconds_total -1\n", "process_cpu_seconds_totals 1\n",
                                 "process_cpu_seconds_total 1x\n", "process_cpu_seconds_total{a=\"b\"} 1\n"})
    CHECK(!process_page_of(text).cpu_seconds);
}

TEST_CASE("the URL of a page has an address or the server's own name") {
  const auto url = std::get<config::MetricsUrl>(config::parse_metrics_url("http://[::1]:9100/m?x=1"));
  CHECK(url.endpoint.address.to_string() == "[::1]:9100");
  CHECK(url.path == "/m?x=1");
  CHECK(std::get<config::MetricsUrl>(config::parse_metrics_url("http://10.0.0.5")).endpoint.port == 80);
  CHECK(std::get<config::MetricsUrl>(config::parse_metrics_url("http://10.0.0.5")).path == "/metrics");
  for (const char* const text :
       {"https://10.0.0.5/", "10.0.0.5:9100", "http://", "http://10.0.0.5:x/", "http://a b/"})
    CHECK(std::holds_alternative<std::string>(config::parse_metrics_url(text)));
  config::check_mistakes(
      {{"", "metrics = \"ftp://10.0.0.5/\"\n",
        "f:14:11: server[1].metrics: 'ftp://10.0.0.5/' does not begin with http://; write for "
        "example \"http://10.0.0.5:9100/metrics\""},
       {"", "metrics = \"http://elsewhere/\"\n",
        "f:14:11: server[1].metrics: 'elsewhere' is not the name in the server's address; "
        "write that name, or an IP address"}});
}
