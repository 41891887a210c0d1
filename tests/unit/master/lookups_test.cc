#include "lb/master/lookups.h"

#include <doctest/doctest.h>

#include <atomic>
#include <semaphore>
#include <thread>

using namespace finishline;
using namespace finishline::master;
using config::Use;

namespace {

net::Address host(const char* text) { return std::get<net::Address>(net::parse_host(text)); }

config::Addresses answer(const std::string& name) {
  if (name == "nobody") return "there is no 'nobody'";
  return std::vector{host("10.0.0.1"), host("10.0.0.2")};
}

std::string reason(const config::NameTable& table, const config::Name& name) {
  const auto* why = std::get_if<std::string>(&table.at(name));
  return why == nullptr ? "" : *why;
}

}  // namespace

TEST_CASE("each name is asked for once, whatever it is looked up for, and all that was said comes back") {
  std::atomic<int> asked = 0;
  const auto table = look_up_all({{Use::bind, "web"}, {Use::connect, "web"}, {Use::connect, "nobody"}}, 10s,
                                 [&](const std::string& name) {
                                   ++asked;
                                   return answer(name);
                                 });
  CHECK(asked == 2);
  REQUIRE(table.size() == 3);
  CHECK(table.at({Use::bind, "web"}) == answer("web"));
  CHECK(table.at({Use::connect, "web"}) == answer("web"));
  CHECK(reason(table, {Use::connect, "nobody"}) == "there is no 'nobody'");
}

TEST_CASE("a name that is not answered holds up no other, and cannot be resolved when patience is over") {
  std::set<config::Name> names{{Use::connect, "silent"}};
  for (int n = 0; n < 40; ++n) names.insert({Use::connect, "web-" + std::to_string(n)});
  static std::binary_semaphore end(0);  // left behind threads outlive the test case
  static std::atomic<bool> ended = false;
  const auto table = look_up_all(names, 200ms, [](const std::string& name) {
    if (name == "silent") {
      end.acquire();
      ended = true;
    }
    return answer(name);
  });
  CHECK(reason(table, {Use::connect, "silent"}) == "cannot resolve 'silent': no answer in time");
  for (int n = 0; n < 40; ++n) CHECK(table.at({Use::connect, "web-" + std::to_string(n)}) == answer("web"));
  end.release();
  while (!ended) std::this_thread::yield();
}

TEST_CASE("no names are no work") { CHECK(look_up_all({}, 10s, answer).empty()); }
