#include "servers/service_estimate.h"

#include <doctest/doctest.h>

#include "servers/last_lines.h"

using namespace finishline;
using namespace finishline::server;

TEST_CASE("work takes what it declares until something has been seen of its type") {
  ServiceEstimate estimate;
  CHECK(estimate.expected('V', 5ms) == 5ms);
  estimate.learn('P', 1ms, 8ms);
  CHECK(estimate.expected('V', 5ms) == 5ms);
}

TEST_CASE("work takes what it declares by the ratio that was seen") {
  ServiceEstimate estimate;
  estimate.learn('V', 10ms, 30ms);
  CHECK(estimate.expected('V', 2ms) == 6ms);
  for (int i = 0; i < 100; ++i) estimate.learn('V', 10ms, 10ms);
  CHECK(to_seconds(estimate.expected('V', 2ms)) == doctest::Approx(0.002).epsilon(0.01));
}

TEST_CASE("work that declares nothing takes what it has taken") {
  ServiceEstimate estimate;
  estimate.learn('V', 0ns, 30ms);
  CHECK(estimate.expected('V', 0ns) == 30ms);
}

TEST_CASE("the last lines are whole, and not too much") {
  LastLines lines;
  CHECK(lines.text().empty());
  const auto add = [&](std::string_view text) { lines.add(std::as_bytes(std::span(text))); };
  add("one\ntw");
  add("o");
  CHECK(lines.text() == "one\ntwo\n");
  for (int i = 0; i < 10'000; ++i) add("line " + std::to_string(i) + "\n");
  CHECK(lines.text().size() <= 4096);
  CHECK(lines.text().starts_with("line 9"));
  CHECK(lines.text().ends_with("line 9999\n"));
}
