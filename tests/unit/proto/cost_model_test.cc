#include "proto/cost_model.h"

#include <doctest/doctest.h>

#include <limits>

namespace finishline {
namespace {

constexpr std::uint32_t kLongest = std::numeric_limits<std::uint32_t>::max();

Nanos work(const CostModel& model, std::string_view server, char code, std::uint32_t length,
           double speed = 1) {
  return service_time(
      length, model.nanos_per_unit(*model.server_type_named(server), *model.request_type_of(code), speed));
}

}  // namespace

TEST_CASE("cost model: the seed matrix is the one of the project") {
  const CostModel model = CostModel::seed(1ms);
  CHECK(model.unit() == 1ms);
  CHECK(work(model, "video", 'V', 1) == 1ms);
  CHECK(work(model, "video", 'P', 1) == 1ms);
  CHECK(work(model, "video", 'M', 1) == 2ms);
  CHECK(work(model, "music", 'V', 1) == 3ms);
  CHECK(work(model, "music", 'P', 1) == 2ms);
  CHECK(work(model, "music", 'M', 1) == 1ms);
  REQUIRE(model.request_types().size() == 3);
  CHECK(model.request_types()[1].name == "picture");
  CHECK(model.server_types() == std::vector<std::string>{"video", "music"});
}

TEST_CASE("cost model: work grows with length and shrinks with speed") {
  const CostModel model = CostModel::seed(250us);
  CHECK(work(model, "music", 'V', 7) == 5250us);
  CHECK(work(model, "music", 'V', 7, 2.0) == 2625us);
  CHECK(work(model, "video", 'V', 1, 0.5) == 500us);
}

TEST_CASE("cost model: a missing entry means that the server cannot do the type") {
  CostModel model(1ms);
  const RequestType read = model.add_request_type("read", 'R');
  const RequestType write = model.add_request_type("write", 'W');
  const ServerType replica = model.add_server_type("replica");
  model.set_factor(replica, read, 0.5);
  CHECK(model.factor(replica, read) == 0.5);
  CHECK_FALSE(model.factor(replica, write));
  CHECK(model.nanos_per_unit(replica, read, 1) == 500'000);
  CHECK(model.nanos_per_unit(replica, write, 1) == std::numeric_limits<double>::infinity());
}

TEST_CASE("cost model: names and letters that nobody added are not found") {
  const CostModel model = CostModel::seed(1ms);
  CHECK_FALSE(model.request_type_of('v'));
  CHECK_FALSE(model.request_type_of('\0'));
  CHECK_FALSE(model.request_type_of('\xff'));
  CHECK_FALSE(model.server_type_named("picture"));
  CHECK_FALSE(model.factor(2, 0));
  CHECK_FALSE(model.factor(0, 3));
}

TEST_CASE("cost model: length 0 is no work, at any cost") {
  CHECK(service_time(0, 1e6) == 0ns);
  CHECK(service_time(0, std::numeric_limits<double>::max()) == 0ns);
}

TEST_CASE("cost model: the longest request is exact while it fits, and held to the limit where it does not") {
  CHECK(service_time(kLongest, 1'000'000) == Nanos(4'294'967'295'000'000));
  CHECK(service_time(kLongest, 3'000'000) == kMaxServiceTime);
  CHECK(service_time(kLongest, std::numeric_limits<double>::max()) == kMaxServiceTime);
}

TEST_CASE("cost model: fractions of a nanosecond are rounded to the nearest") {
  CHECK(service_time(1, 0.4) == 0ns);
  CHECK(service_time(1, 0.6) == 1ns);
  CHECK(service_time(3, 333'333.3) == 1'000'000ns);
}

TEST_CASE("units: microseconds on the wire are rounded down and held to 32 bits") {
  CHECK(to_wire_us(1999ns) == 1);
  CHECK(to_wire_us(-5ms) == 0);
  CHECK(to_wire_us(kMaxServiceTime) == kLongest);
}

}  // namespace finishline
