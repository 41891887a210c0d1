#include "lb/worker/admission.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

using namespace finishline;
using namespace finishline::worker;
using ledger::CloseReason;
using ledger::RateLimit;
using net::Accept;

namespace {

constexpr Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

net::Address client(const std::string& host) {
  std::byte bytes[4];
  REQUIRE(inet_pton(AF_INET, host.c_str(), bytes) == 1);
  return net::Address(bytes, 40000);
}

/// One worker's door to the listener "media".
struct Door {
  Door(ledger::Ledger& ledger, ledger::WorkerId worker, const Admission::Options& options)
      : metrics(ledger, worker), sources(ledger, worker), admission(options, sources, metrics, at(0ms)) {}

  /// "" when this client was let in, else why not.
  std::string come(const std::string& host, Nanos t = 0ns) {
    Tickets mine{admission.enter_listener(at(t)), {}, {}, admission.count_connection()};
    const auto refused = admission.admit(client(host), at(t), mine.source);
    if (refused) return std::string(name_of(*refused));
    inside.push_back(std::move(mine));
    return "";
  }
  void leave() { inside.pop_front(); }

  ledger::WorkerMetrics metrics;
  ledger::SourceTable sources;
  Admission admission;
  std::deque<Tickets> inside;
};

ledger::Ledger make_ledger(std::uint32_t sources = 64) {
  return std::get<ledger::Ledger>(
      ledger::Ledger::create({.max_workers = 4, .max_servers = 2, .max_sources = sources}));
}

net::Networks networks(std::initializer_list<const char*> texts) {
  net::Networks all;
  for (const auto* text : texts) all.push_back(std::get<net::Network>(net::parse_network(text)));
  return all;
}

}  // namespace

TEST_CASE("a listener without lists and limits lets everybody in and counts nobody") {
  ledger::Ledger ledger = make_ledger();
  Door door(ledger, 0, {.listener = "media"});
  CHECK(door.admission.may_accept(at(0ms)) == Accept::yes);
  CHECK(door.come("203.0.113.9") == "");
  CHECK_FALSE(door.inside[0].listener);
  CHECK_FALSE(door.inside[0].source);
  CHECK_FALSE(door.admission.limits_requests());
}

TEST_CASE(
    "whoever is on the deny list stays out, and so does everybody who is not on a list of the allowed") {
  ledger::Ledger ledger = make_ledger();
  Door door(ledger, 0,
            {.listener = "media", .allow = networks({"10.0.0.0/8"}), .deny = networks({"10.9.0.0/16"})});
  CHECK(door.come("10.1.2.3") == "");
  CHECK(door.come("10.9.2.3") == "denied");
  CHECK(door.come("192.0.2.1") == "denied");
}

TEST_CASE("a listener counts who came, who was refused, and who is still there") {
  ledger::Ledger ledger = make_ledger();
  const ledger::ListenerId row = *ledger::ensure_listener(ledger, "media");
  Door door(ledger, 0, {.listener = "media", .deny = networks({"10.9.0.0/16"}), .counts = {ledger, 0, row}});
  CHECK(door.come("10.1.2.3") == "");
  CHECK(door.come("10.1.2.4") == "");
  CHECK(door.come("10.9.2.3") == "denied");
  door.leave();
  const ledger::ListenerTotals totals = ledger::listener_totals(ledger, row);
  CHECK(totals.accepted == 3);
  CHECK(totals.refused == 1);
  CHECK(totals.open == 1);
}

TEST_CASE("a client has its connections at all workers together, and others have theirs") {
  ledger::Ledger ledger = make_ledger();
  const Admission::Options options{.listener = "media", .max_per_source = 2};
  Door a(ledger, 0, options), b(ledger, 1, options);
  CHECK(a.come("10.0.0.1") == "");
  CHECK(b.come("10.0.0.1") == "");
  CHECK(a.come("10.0.0.1") == "too_many_from_source");
  CHECK(b.come("10.0.0.1") == "too_many_from_source");
  CHECK(a.come("10.0.0.2") == "");
  b.leave();
  CHECK(a.come("10.0.0.1") == "");
}

TEST_CASE("a client that connects faster than its rate is refused, and only that one") {
  ledger::Ledger ledger = make_ledger();
  const Admission::Options options{.listener = "media", .source_connections = RateLimit::of(10ms, 2)};
  Door a(ledger, 0, options), b(ledger, 1, options);
  CHECK(a.come("10.0.0.1") == "");
  CHECK(b.come("10.0.0.1") == "");
  CHECK(a.come("10.0.0.1", 9ms) == "too_fast_from_source");
  CHECK(a.come("10.0.0.2", 9ms) == "");
  CHECK(b.come("10.0.0.1", 10ms) == "");
}

TEST_CASE("a full listener leaves connections in the queue until one of any worker has gone") {
  ledger::Ledger ledger = make_ledger();
  const Admission::Options options{.listener = "media", .max_connections = 2};
  Door a(ledger, 0, options), b(ledger, 1, options);
  CHECK(a.admission.may_accept(at(0ms)) == Accept::yes);
  a.come("10.0.0.1");
  b.come("10.0.0.2");
  CHECK(a.admission.may_accept(at(0ms)) == Accept::later);
  CHECK(b.admission.may_accept(at(0ms)) == Accept::later);
  ledger.reclaim(1, at(0ms));
  CHECK(a.admission.may_accept(at(0ms)) == Accept::yes);
}

TEST_CASE("a listener's connection rate leaves connections in the queue, over all workers") {
  ledger::Ledger ledger = make_ledger();
  const Admission::Options options{.listener = "media", .connections = RateLimit::of(10ms, 1)};
  Door a(ledger, 0, options), b(ledger, 1, options);
  CHECK(a.admission.may_accept(at(0ms)) == Accept::yes);
  a.come("10.0.0.1");
  CHECK(b.admission.may_accept(at(9ms)) == Accept::later);
  CHECK(b.admission.may_accept(at(10ms)) == Accept::yes);
}

TEST_CASE("requests over a rate are told how long to wait, and cost their client nothing") {
  ledger::Ledger ledger = make_ledger();
  const Admission::Options options{
      .listener = "media", .requests = RateLimit::of(10ms, 1), .source_requests = RateLimit::of(100ms, 2)};
  Door a(ledger, 0, options), b(ledger, 1, options);
  REQUIRE(a.admission.limits_requests());
  a.come("10.0.0.1");
  b.come("10.0.0.2");
  const Ticket& first = a.inside[0].source;
  const Ticket& second = b.inside[0].source;
  CHECK(a.admission.take_request(first, at(0ms)) == 0ns);
  CHECK(b.admission.take_request(second, at(4ms)) == 6ms);  // the listener's rate
  CHECK(b.admission.take_request(second, at(10ms)) == 0ns);
  CHECK(b.admission.take_request(second, at(20ms)) ==
        0ns);  // of its own two it had been given back the first
  CHECK(b.admission.take_request(second, at(30ms)) == 80ms);
}

TEST_CASE(
    "without room for a client's address it is counted together with another's, and no limit is passed") {
  ledger::Ledger ledger = make_ledger(8);
  Door door(ledger, 0, {.listener = "media", .max_per_source = 2});
  for (int n = 1; n <= 8; ++n) CHECK(door.come("10.0.0." + std::to_string(n)) == "");
  CHECK(door.come("10.0.0.9") == "");  // with one of the eight, which has one
  CHECK(door.come("10.0.0.9") == "sources_full");
  int one_more = 0;
  for (int n = 1; n <= 8; ++n) one_more += door.come("10.0.0." + std::to_string(n)) == "" ? 1 : 0;
  CHECK(one_more == 7);  // all but the one that shares
  CHECK(ledger::MetricsReader(ledger).total(ledger::WorkerCell::sources_shared) == 2);
}

TEST_CASE("many addresses neither pass a limit by pushing others out, nor lock anybody out for good") {
  ledger::Ledger ledger = make_ledger(64);
  Door door(ledger, 0,
            {.listener = "media", .max_per_source = 3, .source_connections = RateLimit::of(1s, 3)});
  std::map<std::string, int> open;
  for (int round = 0; round < 6; ++round) {
    for (int n = 0; n < 400; ++n) {
      const std::string host = "10.0." + std::to_string(n / 200) + '.' + std::to_string(n % 200 + 1);
      if (door.come(host) == "") ++open[host];
    }
  }
  for (const auto& [host, count] : open) CHECK(count <= 3);
  CHECK(door.inside.size() <= 64 * 3);
  door.inside.clear();
  int let_in = 0;
  for (int n = 1; n <= 50; ++n) let_in += door.come("192.0.2." + std::to_string(n), 3s) == "" ? 1 : 0;
  CHECK(let_in >= 45);  // where many meet in one place of the table they share, by chance
}

TEST_CASE("a listener has its limits however many clients there are") {
  ledger::Ledger ledger = make_ledger(8);
  Door crowd(ledger, 0, {.listener = "crowd", .max_per_source = 1});
  for (int n = 1; n <= 8; ++n) CHECK(crowd.come("10.0.0." + std::to_string(n)) == "");
  Door late(ledger, 0, {.listener = "late", .max_connections = 1});
  CHECK(late.admission.may_accept(at(0ms)) == Accept::yes);
  late.come("10.0.0.1");
  CHECK(late.admission.may_accept(at(0ms)) == Accept::later);
}
