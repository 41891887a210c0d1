#include "lb/log/access_log.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/temp_dir.h"

using namespace finishline;

namespace {

const log::AccessedRequest kEntry{.worker = 3,
                                  .listener = "media",
                                  .client = "127.0.0.1:40112",
                                  .pool = "media",
                                  .type = "video",
                                  .length = 7,
                                  .server = "video-1",
                                  .status = "ok",
                                  .waiting = 250us,
                                  .service = 3ms,
                                  .total = 3142us,
                                  .attempts = 1,
                                  .why = "makespan",
                                  .told = "slow"};

/// The access log, as it was before and after the test.
struct AccessLog {
  explicit AccessLog(const std::string& file) { why = log::start_access_log(file); }
  ~AccessLog() { log::start_access_log(""); }
  std::string why;  // it could not be opened
};

std::string line_of(const log::AccessedRequest& entry, std::chrono::system_clock::time_point at = {}) {
  std::string line;
  log::append_access_line(line, entry, at);
  return line;
}

}  // namespace

TEST_CASE("a line of the access log is one JSON object with all that is known") {
  using namespace std::chrono;
  const std::string line = line_of(kEntry, sys_days(year(2026) / 11 / 22) + 15h + 4min + 5s + 7ms);
  CHECK(line ==
        R"({"time":"2026-11-22T15:04:05.007Z","worker":3,"listener":"media","client":"127.0.0.1:40112",)"
        R"("pool":"media","type":"video","length":7,"server":"video-1","status":"ok","waiting_ms":0.250,)"
        R"("service_ms":3.000,"total_ms":3.142,"attempts":1,"why":"makespan","told":"slow"})"
        "\n");
}

TEST_CASE("a stream has a line of its own form when it has ended") {
  std::string line;
  log::append_access_line(line,
                          log::AccessedStream{.worker = 1,
                                              .listener = "redis",
                                              .client = "127.0.0.1:40113",
                                              .pool = "redis",
                                              .server = "redis-1",
                                              .ended = "finished",
                                              .waiting = 214us,
                                              .total = 5s,
                                              .bytes_in = 1200,
                                              .bytes_out = 88000,
                                              .attempts = 2,
                                              .told = "share"},
                          {});
  CHECK(line ==
        R"({"time":"1970-01-01T00:00:00.000Z","worker":1,"listener":"redis","client":"127.0.0.1:40113",)"
        R"("pool":"redis","server":"redis-1","ended":"finished","waiting_ms":0.214,"total_ms":5000.000,)"
        R"("bytes_in":1200,"bytes_out":88000,"attempts":2,"told":"share"})"
        "\n");
}

TEST_CASE("a name that is no text, or has line ends, still makes one line of JSON") {
  log::AccessedRequest entry = kEntry;
  entry.server = "a\nb\"c\xff";
  const std::string line = line_of(entry);
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(nlohmann::json::parse(line)["server"].get<std::string>().starts_with("a\nb\"c"));
}

TEST_CASE("the access log goes on in a new file when the old one was moved away") {
  const test::TempDir dir;
  AccessLog access(dir.file("access"));
  REQUIRE(access.why == "");
  CHECK(log::access_log_descriptor() >= 0);
  CHECK(log::write_access(line_of(kEntry)));
  std::filesystem::rename(dir.file("access"), dir.file("access.1"));
  CHECK(log::write_access(line_of(kEntry)));
  CHECK(log::reopen_access_log() == "");
  CHECK(log::write_access(line_of(kEntry)));
  CHECK(dir.read("access").find("video-1") != std::string::npos);
  CHECK(dir.read("access.1").size() == 2 * dir.read("access").size());
}

TEST_CASE("without an access log a line is lost, and one that cannot be opened is told of") {
  AccessLog none("");
  CHECK(none.why == "");
  CHECK_FALSE(log::write_access(line_of(kEntry)));
  AccessLog nowhere("/nowhere/at/all");
  CHECK(nowhere.why.starts_with("/nowhere/at/all: "));
  CHECK(log::access_log_descriptor() == -1);
}
