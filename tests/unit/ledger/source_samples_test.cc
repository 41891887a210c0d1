#include "lb/ledger/source_samples.h"

#include <doctest/doctest.h>

#include "lb/ledger/worker_status.h"

using namespace finishline;
using namespace std::chrono_literals;
using namespace finishline::ledger;

namespace {

constexpr Instant kNow{1h};

SourceHost host(unsigned last) {
  SourceHost it{};
  it.back() = static_cast<std::byte>(last);
  return it;
}

/// Two workers that are watched.
struct Watched {
  Watched() {
    note_worker(ledger, 1);
    watch_sources(ledger, kNow + 1s);
  }
  std::vector<SourceSample> read() {
    std::vector<SourceSample> samples;
    reader.read(samples);
    return samples;
  }
  Ledger ledger = std::get<Ledger>(Ledger::create({.max_workers = 2, .max_servers = 1}));
  SourceReader reader{ledger};
  SourceWriter first{ledger, 0}, second{ledger, 1};
};

}  // namespace

TEST_CASE("each connection is told of once, whichever worker has it") {
  Watched watched;
  watched.first.connection(host(1), kNow);
  watched.second.connection(host(2), kNow);
  const auto samples = watched.read();
  REQUIRE(samples.size() == 2);
  CHECK(samples[0].host == host(1));
  CHECK(samples[1].host == host(2));
  CHECK(samples[1].kind == SourceSample::Kind::connection);
  CHECK(samples[1].stands_for == 1);
  CHECK(watched.read().empty());
}

TEST_CASE("one request in sixteen is told of, and stands for as many") {
  Watched watched;
  for (unsigned n = 0; n < 48; ++n) watched.first.request([n] { return host(n); }, kNow);
  const auto samples = watched.read();
  REQUIRE(samples.size() == 3);
  CHECK(samples[0].host == host(15));
  CHECK(samples[0].stands_for == 16);
  CHECK(samples[0].kind == SourceSample::Kind::request);
}

TEST_CASE("nothing is told when nobody watches any more") {
  Watched watched;
  watched.first.connection(host(1), kNow + 1s);
  for (int n = 0; n < 16; ++n) watched.first.request([] { return host(1); }, kNow + 2s);
  CHECK(watched.read().empty());
}

TEST_CASE("of a worker that was too fast the latest are there, whole and in order") {
  Watched watched;
  for (unsigned n = 0; n < 3 * kRingSources; ++n) watched.first.connection(host(1 + n % 250), kNow);
  const auto samples = watched.read();
  REQUIRE(samples.size() == kRingSources - 1);
  CHECK(samples.back().host == host(1 + (3 * kRingSources - 1) % 250));
  CHECK(samples.front().host == host(1 + (2 * kRingSources + 1) % 250));
}
