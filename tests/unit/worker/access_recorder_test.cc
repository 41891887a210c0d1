// What the dispatcher tells the access log, and of which requests.
#include "lb/worker/access_recorder.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "lb/log/access_log.h"
#include "tests/support/dispatch_desk.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;
using worker::AccessRecorder;

namespace {

struct AccessDesk {
  explicit AccessDesk(const AccessRecorder::Options& options, std::uint32_t links = 1)
      : desk({{.name = "video-1", .links = links}}),
        recorder(options, desk.cost, desk.ledger, desk.metrics, 0, 1) {
    REQUIRE(log::start_access_log(dir.file("access")) == "");
    desk.dispatcher.tell(&recorder);
  }
  ~AccessDesk() { log::start_access_log(""); }

  /// One that is answered after so long.
  void serve(std::uint64_t tag, Nanos after, proto::Status status = proto::Status::ok) {
    desk.ask(tag, {.length = 3});
    desk.now += after;
    desk.reply_to(0, desk.links[0].sent.size() - 1, {.status = status, .service = 1ms});
  }
  std::vector<nlohmann::json> lines() {
    recorder.end_turn();
    std::vector<nlohmann::json> all;
    std::istringstream in(dir.read("access"));
    for (std::string line; std::getline(in, line);) all.push_back(nlohmann::json::parse(line));
    return all;
  }

  TempDir dir;
  DispatchDesk desk;
  AccessRecorder recorder;
};

}  // namespace

TEST_CASE("with a share of 1 every request has its line, with times, server and the reason for it") {
  AccessDesk it({.share = 1});
  it.serve(1, 4ms);
  const auto lines = it.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0]["pool"] == "media");
  CHECK(lines[0]["type"] == "video");
  CHECK(lines[0]["length"] == 3);
  CHECK(lines[0]["server"] == "video-1");
  CHECK(lines[0]["status"] == "ok");
  CHECK(lines[0]["waiting_ms"] == 0.0);
  CHECK(lines[0]["service_ms"] == 1.0);
  CHECK(lines[0]["total_ms"] == 4.0);
  CHECK(lines[0]["attempts"] == 1);
  CHECK(lines[0]["why"] == "makespan");
  CHECK(lines[0]["told"] == "share");
  CHECK(it.desk.total(ledger::WorkerCell::access_lines) == 1);
}

TEST_CASE("errors and slow requests are told of whatever the share is") {
  AccessDesk it({.share = 0, .slow = 100ms});
  it.serve(1, 99ms);
  it.serve(2, 100ms);
  it.serve(3, 1ms, proto::Status::server_error);
  it.desk.ask(4, {.deadline_ms = 20});
  it.desk.tick_after(1s);  // its deadline passes at the server
  it.desk.lose(0);
  it.desk.ask(5);  // there is no server for it
  const auto lines = it.lines();
  REQUIRE(lines.size() == 4);
  CHECK(lines[0]["told"] == "slow");
  CHECK(lines[1]["status"] == "server_error");
  CHECK(lines[2]["status"] == "deadline_exceeded");
  CHECK(lines[2]["server"] == "video-1");
  CHECK(lines[3]["status"] == "no_server");
  CHECK(lines[3]["server"] == "");
  for (std::size_t i = 1; i < lines.size(); ++i) CHECK(lines[i]["told"] == "error");
}

TEST_CASE("a share is a share, by chance") {
  AccessDesk it({.share = 0.25});
  for (std::uint64_t tag = 0; tag < 400; ++tag) it.serve(tag, 1ms);
  CHECK(it.lines().size() > 60);
  CHECK(it.lines().size() < 140);
}

TEST_CASE("a request that was sent again says so, and its last server is the one that is told") {
  AccessDesk it({.share = 1}, 2);
  it.desk.ask(1, {.retryable = true});
  const worker::LinkId first = it.desk.links[0].sent.empty() ? 1 : 0;
  it.desk.lose(first);
  REQUIRE(it.desk.links[1 - first].sent.size() == 1);
  it.desk.reply_to(1 - first, 0);
  const auto lines = it.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0]["attempts"] == 2);
  CHECK(lines[0]["why"] == "sent again");
}

TEST_CASE("a line that nobody can write is counted as lost") {
  AccessDesk it({.share = 1});
  log::start_access_log("");
  it.serve(1, 1ms);
  it.serve(2, 1ms);
  it.recorder.end_turn();
  CHECK(it.desk.total(ledger::WorkerCell::access_lines) == 0);
  CHECK(it.desk.total(ledger::WorkerCell::access_lines_lost) == 2);
}

TEST_CASE("of thousands that fail in one second a thousand have a line, and the rest are counted") {
  AccessDesk it({.share = 0});
  for (std::uint64_t tag = 0; tag < 1500; ++tag) it.serve(tag, 100us, proto::Status::server_error);
  CHECK(it.lines().size() == AccessRecorder::kMostTold);
  CHECK(it.desk.total(ledger::WorkerCell::access_lines_spared) == 500);
  it.serve(1500, 1s, proto::Status::server_error);
  CHECK(it.lines().size() == AccessRecorder::kMostTold + 1);
}

TEST_CASE("the lines of a turn are whole in whatever piece they are written") {
  AccessDesk it({.share = 1});
  for (std::uint64_t tag = 0; tag < 100; ++tag) it.serve(tag, 1ms);
  CHECK(it.lines().size() == 100);
  CHECK(it.desk.total(ledger::WorkerCell::access_lines) == 100);
}
