#include "lb/log/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "tests/support/log_file.h"

namespace {

using finishline::log::Event;
using finishline::log::Format;
using finishline::log::Level;
using finishline::test::LogFile;
namespace log = finishline::log;

/// What follows the time stamp.
std::string without_time(const std::string& line) { return line.substr(line.find(' ') + 1); }

}  // namespace

TEST_CASE("a text line is time, level, process, event and the fields in their order") {
  LogFile file;
  REQUIRE(file.start(Format::text) == "");
  log::write(Event::link_up, {{"link", 3}, {"server", "video-1"}, {"share", 0.5}});
  const std::string line = file.only_line();
  CHECK(without_time(line) == "info worker 0 link_up link=3 server=video-1 share=0.5");
  CHECK(std::regex_match(line, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info .*)")));
}

TEST_CASE("a text value that would not read as one word is quoted and escaped") {
  LogFile file;
  file.start(Format::text);
  log::write(Event::link_down, {{"server", "video 1"}, {"reason", "say \"no\"\nand\x01go"}, {"note", ""}});
  CHECK(without_time(file.only_line()) ==
        R"(warning worker 0 link_down server="video 1" reason="say \"no\"\nand\x01go" note="")");
}

TEST_CASE("whole numbers keep their value whatever their sign and width") {
  LogFile file;
  file.start(Format::text);
  log::write(Event::started, {{"low", INT64_MIN}, {"high", UINT64_MAX}});
  CHECK(without_time(file.only_line()) ==
        "info worker 0 started low=-9223372036854775808 high=18446744073709551615");
}

TEST_CASE("a JSON line is one valid object whatever bytes a value holds") {
  LogFile file;
  file.start(Format::json);
  log::write(Event::link_down, {{"link", 3}, {"ratio", 1.25}, {"reason", "a \"b\"\n\x02 \xff\xfe c"}});
  const auto object = nlohmann::json::parse(file.only_line());
  CHECK(object["level"] == "warning");
  CHECK(object["process"] == "worker 0");
  CHECK(object["event"] == "link_down");
  CHECK(object["link"] == 3);
  CHECK(object["ratio"] == 1.25);
  CHECK(object["reason"] == "a \"b\"\n\x02 \xEF\xBF\xBD\xEF\xBF\xBD c");
  CHECK(std::regex_match(object["time"].get<std::string>(),
                         std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
}

TEST_CASE("events below the level are not written") {
  LogFile file;
  file.start(Format::text, Level::warning);
  CHECK_FALSE(log::enabled(Level::debug));
  CHECK_FALSE(log::enabled(Level::info));
  CHECK(log::enabled(Level::warning));
  CHECK(log::enabled(Level::error));
  log::write(Event::link_up, {});
  log::write(Event::link_down, {});
  CHECK(without_time(file.only_line()) == "warning worker 0 link_down");
}

TEST_CASE("starting again reopens the file by name and keeps what it holds") {
  LogFile file;
  file.start(Format::text);
  log::write(Event::draining, {});
  file.start(Format::text, Level::info, "worker 1");
  log::write(Event::draining, {});
  REQUIRE(file.lines().size() == 2);
  CHECK(without_time(file.lines()[1]) == "info worker 1 draining");
}

TEST_CASE("a file that was moved away is followed by a new one under its name") {
  LogFile file;
  file.start(Format::text);
  log::write(Event::draining, {});
  file.move_away();
  log::write(Event::stopped, {});
  REQUIRE(log::reopen() == "");
  log::write(Event::started, {});
  CHECK(without_time(file.only_line()) == "info worker 0 started");
}

TEST_CASE("a file that cannot be opened anew is written to as before") {
  LogFile file;
  file.start(Format::text);
  file.replace_by_a_directory();
  const int before = log::descriptor();
  CHECK(log::reopen() != "");
  CHECK(log::descriptor() == before);
}

TEST_CASE("the log goes on in a file that another process has opened") {
  LogFile first, second;
  second.start(Format::text);
  const int fd = ::fcntl(log::descriptor(), F_DUPFD_CLOEXEC, 0);
  first.start(Format::text, Level::info, "worker 1");
  log::continue_in(fd);
  log::write(Event::draining, {});
  CHECK(log::descriptor() == fd);
  CHECK(without_time(second.only_line()) == "info worker 1 draining");
}

TEST_CASE("a log file that cannot be opened is reported and the log goes on elsewhere") {
  LogFile file;
  const std::string failure = log::start(
      {.level = Level::error, .format = Format::text, .file = "/nonexistent/finishline.log", .process = ""});
  CHECK(failure == "/nonexistent/finishline.log: No such file or directory");
  CHECK(log::enabled(Level::error));
}

TEST_CASE("a full disk loses lines, not the process") {
  LogFile file;
  REQUIRE(log::start({.level = Level::info, .format = Format::text, .file = "/dev/full", .process = ""}) ==
          "");
  for (int i = 0; i < 1000; ++i) log::write(Event::stopped, {{"i", i}});
  file.start(Format::text);
  log::write(Event::stopped, {});
  CHECK(file.lines().size() == 1);
}

TEST_CASE("a closed pipe loses lines, not the process") {
  LogFile file;
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const std::string pipe = "/proc/self/fd/" + std::to_string(ends[1]);
  std::signal(SIGPIPE, SIG_DFL);
  REQUIRE(log::start({.level = Level::info, .format = Format::json, .file = pipe, .process = ""}) == "");
  log::write(Event::stopped, {});
  std::array<char, 4096> read{};
  CHECK(::read(ends[0], read.data(), read.size()) > 0);
  ::close(ends[0]);
  log::write(Event::stopped, {});  // EPIPE, and SIGPIPE where it is not ignored
  CHECK(log::enabled(Level::info));
  ::close(ends[1]);
}

TEST_CASE("lines that a full pipe did not take are counted, and the log says so once there is room") {
  LogFile quiet;  // puts the log back afterwards
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
  const std::string pipe = "/proc/self/fd/" + std::to_string(ends[1]);
  REQUIRE(log::start(
              {.level = Level::info, .format = Format::text, .file = pipe, .process = "of this test"}) == "");
  for (int i = 0; i < 1000; ++i) log::write(Event::stopped, {{"i", i}});
  const auto lost = log::keep_up();
  CHECK(lost > 900);
  CHECK(lost < 1000);
  CHECK(log::keep_up() == 0);
  std::array<char, 8192> read{};
  REQUIRE(::read(ends[0], read.data(), read.size()) > 0);
  CHECK(log::keep_up() == 0);  // without waiting for the next event
  const ssize_t n = ::read(ends[0], read.data(), read.size());
  REQUIRE(n > 0);
  CHECK(without_time(std::string(read.data(), static_cast<std::size_t>(n))) ==
        "error of this test lines_lost lines=" + std::to_string(lost) + "\n");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a log file that is a pipe without a reader is no reason to wait") {
  LogFile file;
  file.move_away();
  REQUIRE(::mkfifo(file.path().c_str(), 0600) == 0);
  CHECK(file.start(Format::text) != "");
}

TEST_CASE("a process that may not open files takes another level and format where it is") {
  LogFile file;
  file.start(Format::text);
  log::change({.level = Level::error, .format = Format::json, .file = file.path(), .process = "control"});
  log::write(Event::draining, {});
  log::write(Event::gave_up, {});
  CHECK(nlohmann::json::parse(file.only_line())["process"] == "control");
}
