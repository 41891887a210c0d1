#include "lb/ledger/listener_row.h"

#include <doctest/doctest.h>

#include <string>

#include "lb/ledger/metrics.h"

using namespace finishline::ledger;

namespace {

Ledger make_ledger() { return std::get<Ledger>(Ledger::create({.max_workers = 3, .max_servers = 1})); }

}  // namespace

TEST_CASE("a listener has one row, found by its name") {
  Ledger ledger = make_ledger();
  const ListenerId media = *ensure_listener(ledger, "media");
  CHECK(ensure_listener(ledger, "other") != media);
  CHECK(ensure_listener(ledger, "media") == media);
  CHECK(find_listener(ledger, "media") == media);
  CHECK_FALSE(find_listener(ledger, "nobody"));
  CHECK_FALSE(ensure_listener(ledger, std::string(65, 'x')));
}

TEST_CASE("connections of a listener are summed over workers, and each listener has its own") {
  Ledger ledger = make_ledger();
  const ListenerId media = *ensure_listener(ledger, "media"), other = *ensure_listener(ledger, "other");
  WorkerMetrics first(ledger, 0), second(ledger, 2);
  ListenerCounts a(ledger, 0, media), b(ledger, 2, media);
  a.accepted();
  a.accepted();
  b.accepted();
  b.refused();
  b.ended();
  a.asked();
  b.asked();
  b.moved(true, 10);
  b.moved(false, 300);
  const ListenerTotals totals = listener_totals(ledger, media);
  CHECK(totals.accepted == 3);
  CHECK(totals.refused == 1);
  CHECK(totals.open == 2);
  CHECK(totals.requests == 2);
  CHECK(totals.stream_bytes_in == 10);
  CHECK(totals.stream_bytes_out == 300);
  CHECK(listener_totals(ledger, other).accepted == 0);
}

TEST_CASE("a listener without a row counts nothing, and harms nobody") {
  ListenerCounts nobody;
  nobody.accepted();
  nobody.refused();
  nobody.ended();
  nobody.asked();
  nobody.moved(true, 1);
  Ledger ledger = make_ledger();
  CHECK_FALSE(find_listener(ledger, ""));
}

TEST_CASE(
    "what a worker had open at a listener is open no more when it has died, and was accepted all the same") {
  Ledger ledger = make_ledger();
  const ListenerId media = *ensure_listener(ledger, "media");
  WorkerMetrics dead(ledger, 0), alive(ledger, 1);
  ListenerCounts(ledger, 0, media).accepted();
  ListenerCounts(ledger, 1, media).accepted();
  WorkerMetrics(ledger, 0).reset_gauges();
  CHECK(listener_totals(ledger, media).open == 1);
  CHECK(listener_totals(ledger, media).accepted == 2);
}

TEST_CASE("listeners come and go, many more of them than there are rows, and each finds its row clean") {
  Ledger ledger = make_ledger();
  WorkerMetrics worker(ledger, 1);
  for (ListenerId id = 0; id < kMaxListenerRows; ++id)
    REQUIRE(ensure_listener(ledger, "old-" + std::to_string(id)) == id);
  CHECK_FALSE(ensure_listener(ledger, "one more"));
  ListenerCounts(ledger, 1, 0).accepted();
  const auto fresh = ensure_listener(ledger, "new", {.oldest = 2, .ours = 2});
  REQUIRE(fresh == ListenerId{0});
  CHECK(listener_totals(ledger, *fresh).accepted == 0);
  CHECK_FALSE(find_listener(ledger, "old-0"));
  CHECK(find_listener(ledger, "old-1") == ListenerId{1});
}

TEST_CASE("a listener whose socket is lost is so until the master says otherwise, and no other one is") {
  Ledger ledger = std::get<Ledger>(Ledger::create({1, 1}));
  const ListenerId local = *ensure_listener(ledger, "local"), media = *ensure_listener(ledger, "media");
  CHECK_FALSE(is_lost(ledger, local));
  tell_lost(ledger, {.listeners = {"local", "nobody"}, .admin = true});
  CHECK(is_lost(ledger, local));
  CHECK_FALSE(is_lost(ledger, media));
  CHECK(is_admin_lost(ledger));
  tell_lost(ledger, {});
  CHECK_FALSE(is_lost(ledger, local));
  CHECK_FALSE(is_admin_lost(ledger));
}
