#include "lb/config/change.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "lb/config/key_table.h"

using namespace finishline;
using namespace finishline::config;

namespace {

template <class Part>
Part named(const char* name) {
  Part part;
  part.name = name;
  return part;
}

Config small() {
  Config config;
  config.cost = CostModel::seed(1ms);
  config.listeners = {named<Listener>("media")};
  config.pools = {named<Pool>("media")};
  config.servers = {named<Server>("video-1")};
  return config;
}

/// What it takes to get from the small configuration to one in which this was done.
template <class Edit>
Change after(Edit edit) {
  Config wanted = small();
  edit(wanted);
  return change_between(small(), wanted);
}

}  // namespace

TEST_CASE("the same configuration asks for nothing") {
  CHECK(after([](Config&) {}).scope == Scope::nothing);
}

TEST_CASE("servers and what pools do with them can be changed in running workers") {
  CHECK(after([](Config& c) { c.servers[0].weight = 2; }).scope == Scope::servers);
  CHECK(after([](Config& c) { c.servers[0].bind = "127.0.0.1:9009"; }).scope == Scope::servers);
  CHECK(after([](Config& c) { c.servers.push_back(named<Server>("video-2")); }).scope == Scope::servers);
  CHECK(after([](Config& c) { c.pools[0].policy = "random"; }).scope == Scope::servers);
  CHECK(after([](Config& c) { c.pools[0].check_interval = 1s; }).scope == Scope::servers);
  CHECK(after([](Config& c) { c.proxy.geo_database = "countries.mmdb"; }).scope == Scope::servers);
}

TEST_CASE("everything else takes new workers") {
  CHECK(after([](Config& c) { c.listeners[0].max_open = 1; }).scope == Scope::listeners);
  CHECK(after([](Config& c) { c.proxy.workers = 3; }).scope == Scope::listeners);
  CHECK(after([](Config& c) { c.log.level = LogLevel::debug; }).scope == Scope::listeners);
  CHECK(after([](Config& c) { c.max_length = 5; }).scope == Scope::listeners);
  CHECK(after([](Config& c) { c.cost = CostModel::seed(2ms); }).scope == Scope::listeners);
  CHECK(after([](Config& c) { c.pools.push_back(named<Pool>("other")); }).scope == Scope::listeners);
}

TEST_CASE("keys that need a restart are refused by their name, all at once") {
  const Change change = after([](Config& c) {
    c.proxy.max_servers = 7;
    c.proxy.admin = "127.0.0.1:1";
    c.servers[0].weight = 2;
  });
  REQUIRE(change.refusals.size() == 2);
  CHECK(change.refusals[0].key == "proxy.admin");
  CHECK(change.refusals[1].key == "proxy.max_servers");
}

TEST_CASE("a refusal says where it stands, what is in force and what was asked for") {
  Change change = after([](Config& c) {
    c.proxy.admin = "127.0.0.1:1";
    c.proxy.admin_insecure = true;
    c.proxy.max_buffered = 64 << 20;
  });
  locate_refusals(change, "[proxy]\nadmin = \"127.0.0.1:1\"\n\nmax_buffered = \"64MiB\"\n");
  REQUIRE(change.refusals.size() == 3);
  CHECK(to_string(change.refusals[0], "f") ==
        "f:2:9: proxy.admin: is \"127.0.0.1:9900\" in the proxy that runs, and a reload cannot make it "
        "\"127.0.0.1:1\"; restart the proxy, or put \"127.0.0.1:9900\" back");
  CHECK(to_string(change.refusals[1], "f").starts_with("f: proxy.admin_insecure: is false in the proxy"));
  CHECK(to_string(change.refusals[2], "f")
            .starts_with("f:4:16: proxy.max_buffered: is \"256MiB\" in the proxy that runs, and a reload "
                         "cannot make it \"64MiB\""));
}

TEST_CASE("every key that needs a restart stands in [proxy], where changes are looked for") {
  for (const Key& key : keys()) CHECK((key.reload == Reload::yes || key.section() == Section::proxy));
}

TEST_CASE("request types in use keep their places; more can be added behind them") {
  CHECK(after([](Config& c) { c.cost.add_request_type("text", 'T'); }).refusals.empty());
  CHECK(after([](Config& c) {
          c.cost = CostModel(1ms);
          c.cost.add_request_type("text", 'T');
        })
            .refusals.at(0)
            .key == "work.types");
}
