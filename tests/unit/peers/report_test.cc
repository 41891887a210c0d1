#include "lb/peers/report.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

using namespace finishline;
using namespace finishline::peers;

namespace {

Report some_report() {
  return {.wants_full = true,
          .epoch = 0x0102030405060708,
          .sequence = 77,
          .name = "proxy-1",
          .servers = {{.key = key_of("video-1"),
                       .owed = 5ms,
                       .in_flight = 2,
                       .sent = 300,
                       .turn = Turn::settled,
                       .ago = 250us}},
          .lanes = {{.key = key_of("media", "video"),
                     .count = 3,
                     .volume = 15,
                     .head_age = -2ms,
                     .head_length = 4,
                     .longest = 8,
                     .shortest = 3,
                     .until_urgent = -1ms,
                     .urgent_length = 4}},
          .calls = {{key_of("proxy-2"), key_of("video-1"), key_of("media", "video"), 5, 3}},
          .seats = {key_of("media")}};
}

Nanos any_span(std::int64_t least) { return Nanos(1000 * *rc::gen::inRange<std::int64_t>(least, 1LL << 50)); }

ServerReport any_server() {
  return {.key = *rc::gen::arbitrary<std::uint64_t>(),
          .owed = any_span(0),
          .in_flight = *rc::gen::arbitrary<std::uint32_t>(),
          .sent = *rc::gen::inRange<std::uint64_t>(0, 1ULL << 62),
          .turn = *rc::gen::element(Turn::same, Turn::settled, Turn::begun),
          .ago = any_span(0)};
}

LaneReport any_lane() {
  LaneReport lane{.key = *rc::gen::arbitrary<std::uint64_t>(),
                  .count = *rc::gen::arbitrary<std::uint32_t>(),
                  .volume = *rc::gen::inRange<std::uint64_t>(0, 1ULL << 62),
                  .head_age = any_span(-(1LL << 50)),
                  .head_length = *rc::gen::arbitrary<std::uint32_t>(),
                  .longest = *rc::gen::arbitrary<std::uint32_t>(),
                  .shortest = *rc::gen::arbitrary<std::uint32_t>()};
  if (!*rc::gen::arbitrary<bool>()) return lane;
  lane.until_urgent = any_span(-(1LL << 50));
  lane.urgent_length = *rc::gen::arbitrary<std::uint32_t>();
  return lane;
}

template <class Make>
auto several(Make make) {
  std::vector<decltype(make())> all;
  for (int left = *rc::gen::inRange(0, 6); left > 0; --left) all.push_back(make());
  return all;
}

Report any_report() {
  return {.full = *rc::gen::arbitrary<bool>(),
          .wants_full = *rc::gen::arbitrary<bool>(),
          .leaving = *rc::gen::arbitrary<bool>(),
          .epoch = *rc::gen::arbitrary<std::uint64_t>(),
          .sequence = *rc::gen::arbitrary<std::uint32_t>(),
          .name = *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('!', '~'))),
          .servers = several(any_server),
          .lanes = several(any_lane),
          .calls = several([] {
            return Call{*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>(),
                        *rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint32_t>(),
                        *rc::gen::inRange<std::uint8_t>(0, 4)};
          }),
          .seats = several([] { return *rc::gen::arbitrary<std::uint64_t>(); })};
}

}  // namespace

TEST_CASE("a report is read as it was written") { CHECK(decode(encode(some_report())) == some_report()); }

TEST_CASE("any report is read as it was written, and cut short it is none") {
  CHECK(rc::check([] {
    Report report = any_report();
    report.name.resize(std::min(report.name.size(), kMaxName));
    const std::string bytes = encode(report);
    RC_ASSERT(decode(bytes) == report);
    const auto shorter = *rc::gen::inRange<std::size_t>(0, bytes.size());
    RC_ASSERT(!decode(std::string_view(bytes).substr(0, shorter)));
    RC_ASSERT(!decode(bytes + 'x'));
  }));
}

TEST_CASE("what changed little takes few bytes") {
  Report report{.name = "proxy-1", .servers = {{.key = 1, .owed = 12ms, .in_flight = 2, .sent = 1000}}};
  CHECK(encode(report).size() < 50);
}

TEST_CASE("what is no report is read as none") {
  const std::string good = encode(some_report());
  CHECK_FALSE(decode(""));
  CHECK_FALSE(decode("hello"));
  SUBCASE("another version") { CHECK_FALSE(decode("FLP2" + good.substr(4))); }
  SUBCASE("flags that nobody knows") {
    std::string other = good;
    other[4] = static_cast<char>(0x80);
    CHECK_FALSE(decode(other));
  }
  SUBCASE("a name that would spoil a line of the log") {
    Report report = some_report();
    report.name = "a\nb";
    CHECK_FALSE(decode(encode(report)));
    report.name.clear();
    CHECK_FALSE(decode(encode(report)));
  }
  SUBCASE("more servers than there are bytes") {
    Report report{.name = "a"};
    std::string bytes = encode(report);
    bytes.replace(bytes.size() - 3, 1, "\xff\xff\xff\xff\x07");
    CHECK_FALSE(decode(bytes));
  }
  SUBCASE("work or an age below zero") {
    Report report{.name = "a", .servers = {{.key = 1, .owed = -1ms}}};
    CHECK_FALSE(decode(encode(report)));
    report.servers[0] = {.key = 1, .ago = -1ms};
    CHECK_FALSE(decode(encode(report)));
  }
}

TEST_CASE("keys tell names apart, and pools from lanes") {
  CHECK(key_of("video-1") != key_of("video-2"));
  CHECK(key_of("a", "bc") != key_of("ab", "c"));
}
