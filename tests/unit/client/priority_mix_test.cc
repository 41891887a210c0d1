#include "client/priority_mix.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

using namespace finishline::client;

namespace {

PriorityMix mix_of(const std::string& text) { return std::get<PriorityMix>(PriorityMix::parse(text)); }
std::string fault_in(const std::string& text) { return std::get<std::string>(PriorityMix::parse(text)); }

}  // namespace

TEST_CASE("without a word all requests are of class 0, with one of that class") {
  CHECK_FALSE(PriorityMix().any());
  const auto mix = std::get<PriorityMix>(PriorityMix::all_of("2"));
  CHECK(mix.any());
  for (std::uint64_t number = 0; number < 100; ++number) {
    CHECK(PriorityMix().of(number) == 0);
    CHECK(mix.of(number) == 2);
  }
}

TEST_CASE("classes come in the shares that were asked for, whatever their sum") {
  const PriorityMix mix = mix_of("0:18,3:2");
  std::array<int, 4> counts{};
  for (std::uint64_t number = 0; number < 10000; ++number) ++counts[mix.of(number)];
  CHECK(std::abs(counts[0] - 9000) < 20);
  CHECK(counts[1] + counts[2] == 0);
}

TEST_CASE("what is no class or no share is told") {
  CHECK(fault_in("4:1") == "'4:1' is not a class from 0 to 3 and a share, as 3:0.1");
  CHECK(fault_in("0:1,3") == "'3' is not a class from 0 to 3 and a share, as 3:0.1");
  CHECK(fault_in("0:1,") == "'' is not a class from 0 to 3 and a share, as 3:0.1");
  CHECK(fault_in("0:-1") == "'0:-1' is not a class from 0 to 3 and a share, as 3:0.1");
  CHECK(fault_in("1:0") == "the shares are all 0");
  CHECK(std::get<std::string>(PriorityMix::all_of("4")) == "'4' is not a class from 0 to 3");
}
