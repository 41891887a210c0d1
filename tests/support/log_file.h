// The log of a test, in a file.
#pragma once

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "lb/log/log.h"

namespace finishline::test {

/// A log file of its own for one test; afterwards the log is back on standard error, at level error.
class LogFile {
 public:
  LogFile() { ::close(::mkstemp(path_.data())); }
  ~LogFile() {
    log::start({.level = log::Level::error, .format = log::Format::text, .file = "", .process = "tests"});
    std::remove(path_.c_str());
  }
  /// Nothing has its name any more; or something that cannot be written to.
  void move_away() { ::unlink(path_.c_str()); }
  void replace_by_a_directory() {
    move_away();
    REQUIRE(::mkdir(path_.c_str(), 0700) == 0);
  }
  std::string start(log::Format format, log::Level level = log::Level::info,
                    const std::string& process = "worker 0") {
    return log::start({.level = level, .format = format, .file = path_, .process = process});
  }
  const std::string& path() const { return path_; }
  std::vector<std::string> lines() const {
    std::ifstream in(path_);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  /// Those of one event.
  std::size_t count(std::string_view event) const {
    const std::vector<std::string> all = lines();
    return static_cast<std::size_t>(std::ranges::count_if(
        all, [&](const std::string& line) { return line.find(event) != std::string::npos; }));
  }
  std::string only_line() const {
    REQUIRE(lines().size() == 1);
    return lines().front();
  }

 private:
  std::string path_ = "/tmp/finishline-log-XXXXXX";
};

}  // namespace finishline::test
