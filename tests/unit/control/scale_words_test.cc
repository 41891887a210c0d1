#include "lb/control/scale_words.h"

#include <doctest/doctest.h>

#include <limits>

namespace finishline::control {
namespace {

/// Of one type, of which there may be two to four.
ScaleStatus scaled(double strain, std::uint32_t wanted = 2) {
  return {.pool = "media",
          .by = "work",
          .strain = strain,
          .up_over = 0.7,
          .last = "",
          .types = {{.type = "video", .least = 2, .most = 4, .wanted = wanted}}};
}

bool says(const ScaleStatus& status, const char* words) {
  return why_so_many(status).find(words) != std::string::npos;
}

TEST_CASE("a pool whose servers can do what comes says when it would have more") {
  CHECK(why_so_many(scaled(0.45)) ==
        "45 % of what the servers can do is asked of them; above 70 % servers are added.");
}

TEST_CASE("a strained pool adds servers, or says that there are as many as there may be") {
  CHECK(says(scaled(0.9, 3),
             "90 % of what the servers can do is asked of them, more than 70 %: servers are added."));
  CHECK(says(scaled(0.9, 4), "there are as many as there may be"));
  CHECK(says(scaled(std::numeric_limits<double>::infinity(), 3),
             "No server can do what comes: servers are added."));
}

TEST_CASE("more servers than the least are said to end when the others would do") {
  CHECK(says(scaled(0.2, 3), "drained and ended when the others would do"));
  CHECK_FALSE(says(scaled(0.2, 2), "drained and ended"));
}

TEST_CASE("forecasts, rehearsals and servers that were given up are told") {
  ScaleStatus status = scaled(0.2);
  CHECK_FALSE(says(status, "forecast"));
  status.foreseen = status.rehearse = true;
  status.types[0].given_up = 1;
  CHECK(says(status, "A forecast of this pool's own past expects more"));
  CHECK(says(status, "Servers of type video that keep dying young are given up"));
  CHECK(says(status, "This is a rehearsal: nothing is started or ended."));
}

}  // namespace
}  // namespace finishline::control
