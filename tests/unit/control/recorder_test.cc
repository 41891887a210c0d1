#include "lb/control/recorder.h"

#include <doctest/doctest.h>

#include "lb/ledger/worker_status.h"
#include "lb/model/trace.h"

using namespace finishline;
using namespace finishline::control;

namespace {

struct Desk {
  Desk() { note_worker(ledger, 0); }
  /// What GET /pools/NAME/record says.
  std::string ask(const std::string& pool = "media", const std::string& from = "") {
    return recorder.page({.name = pool, .query = {{"from", from}}}).body;
  }
  void serve(std::uint32_t length, ledger::PoolId pool = 0) {
    writer.write({.received_at = ledger.created_at() + 250ms,
                  .service = 5ms,
                  .response = 7ms,
                  .length = length,
                  .server = 0,
                  .pool = pool,
                  .type = 1});
  }
  bool recording(ledger::PoolId pool) const { return ledger::PoolOrders(ledger, pool).recording(); }

  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 2}));
  ledger::ServerId server = *ledger.ensure_server("video-1", 1);
  Names names{{"video", "music"},
              {"video"},
              {*ledger::ensure_pool(ledger, "media"), *ledger::ensure_pool(ledger, "other")}};
  net::Loop loop;
  Recorder recorder{loop, ledger, names};
  ledger::RecordWriter writer{ledger, 0};
};

/// "next=3 missed=0", without the time.
std::string heading_of(const std::string& page) { return page.substr(2, page.find(" now_s=") - 2); }

}  // namespace

TEST_CASE("a pool is recorded from the first question on, and each answer goes on where the last one ended") {
  Desk desk;
  desk.serve(1);
  CHECK_FALSE(desk.recording(0));
  CHECK(heading_of(desk.ask()) == "next=0 missed=0");
  CHECK(desk.recording(0));
  CHECK_FALSE(desk.recording(1));
  desk.serve(2);
  desk.serve(3);
  const std::string page = desk.ask("media", "0");
  CHECK(heading_of(page) == "next=2 missed=0");
  CHECK(page.find("\ntime_s,type,length,service_s,server,response_s,status\n"
                  "0.250000000,music,2,0.005000000,video-1,0.007000000,ok\n"
                  "0.250000000,music,3,0.005000000,video-1,0.007000000,ok\n") != std::string::npos);
  CHECK(heading_of(desk.ask("media", "2")) == "next=2 missed=0");
}

TEST_CASE("what is told is a trace") {
  Desk desk;
  desk.ask();
  desk.serve(4);
  const auto rows = model::parse_trace(desk.ask("media", "0"));
  REQUIRE(std::holds_alternative<std::vector<model::TraceRow>>(rows));
  CHECK(std::get<std::vector<model::TraceRow>>(rows).at(0).length == 4);
}

TEST_CASE("records that nobody fetched in time are forgotten, and that is told") {
  Desk desk;
  desk.ask();
  constexpr std::uint64_t kServed = Recorder::kKept + 100;
  for (std::uint32_t n = 0; n < kServed; ++n) {
    desk.serve(n);
    if (n % 1000 == 0) desk.recorder.poll();
  }
  std::uint64_t next = 0, missed = 0, rows = 0;
  while (next < kServed) {
    const std::string page = desk.ask("media", std::to_string(next));
    std::uint64_t lost = 0;
    REQUIRE(std::sscanf(page.c_str(), "# next=%lu missed=%lu", &next, &lost) == 2);
    missed += lost;
    rows += static_cast<std::uint64_t>(std::ranges::count(page, '\n')) - 2;
  }
  CHECK(missed == 100);
  CHECK(rows == Recorder::kKept);
}

TEST_CASE("each pool has records of its own") {
  Desk desk;
  desk.ask("media");
  desk.ask("other");
  desk.serve(1, 0);
  desk.serve(2, 1);
  CHECK(heading_of(desk.ask("media", "0")) == "next=1 missed=0");
  CHECK(desk.ask("other", "0").find(",music,2,") != std::string::npos);
}

TEST_CASE("who hears of every request does so until told otherwise") {
  Desk desk;
  std::vector<std::uint32_t> heard;
  desk.recorder.subscribe(1, Recorder::Subscriber::adaptive,
                          [&](const ledger::Record& record) { heard.push_back(record.length); });
  CHECK(desk.recording(1));
  desk.serve(8, 1);
  desk.serve(9, 0);
  desk.recorder.poll();
  CHECK(heard == std::vector<std::uint32_t>{8});
  desk.recorder.subscribe(1, Recorder::Subscriber::adaptive, {});
  CHECK_FALSE(desk.recording(1));
}

TEST_CASE("who was told where to go on by an earlier control process gets all that there is") {
  Desk desk;
  desk.ask("media", "70000");
  desk.serve(1);
  CHECK(heading_of(desk.ask("media", "70000")) == "next=1 missed=0");
  CHECK(desk.ask("media", "70000").find(",music,1,") != std::string::npos);
}

TEST_CASE("questions that make no sense are refused") {
  Desk desk;
  CHECK(desk.recorder.page({.name = "nobody"}).status == 404);
  CHECK(desk.recorder.page({.name = "media", .query = {{"from", "yesterday"}}}).status == 400);
}

TEST_CASE("what an earlier control process wanted is taken back") {
  Desk desk;
  desk.ask();
  const Recorder successor(desk.loop, desk.ledger, desk.names);
  CHECK_FALSE(desk.recording(0));
}

TEST_CASE("a recording goes on through reloads, and ends with its pool") {
  Desk desk;
  desk.ask("media");
  desk.ask("other");
  desk.serve(1);
  desk.recorder.poll();
  desk.names.pools.erase(desk.names.pools.begin() + 1);
  desk.recorder.follow_names();
  desk.serve(2);
  CHECK(heading_of(desk.ask("media", "0")) == "next=2 missed=0");
  CHECK(desk.recording(0));
  CHECK_FALSE(desk.recording(1));
}

TEST_CASE("a pool of streams has no requests to record, and is not recorded") {
  Desk desk;
  desk.names.stream_pools = {desk.names.pools[1]};
  const http::HttpReply reply = desk.recorder.page({.name = "other"});
  CHECK(reply.status == 409);
  CHECK(reply.body.find("pool 'other' carries streams") != std::string::npos);
  CHECK_FALSE(desk.recording(1));
}
