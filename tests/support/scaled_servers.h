// What stories about servers that are started and ended share: the keys, the page, the processes.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/wait_until.h"

namespace finishline::test {

/// `rule` stands in [pool.media.scale], `type` in [pool.media.scale.video].
inline std::string scale_keys(const std::string& rule, const std::string& type,
                              const std::string& command = program("finishline-server") +
                                                           " --type {type} --listen {address}") {
  return "[pool.media.scale]\n" + rule + "[pool.media.scale.video]\ncommand = \"" + command + "\"\n" + type;
}

/// Of the one type that is scaled, as /api/v1/scale tells of it.
inline nlohmann::json video_of(const ProxyUnderTest& proxy) {
  return nlohmann::json::parse(proxy.get("/api/v1/scale").body).at(0).at("types").at(0);
}

/// Processes of scaled servers, by their log lines; each is the first of a group of its own.
inline std::vector<pid_t> started(const ProxyUnderTest& proxy) {
  std::vector<pid_t> pids;
  const std::string log = proxy.log(), mark = " server_started ", pid = " pid=";
  for (auto at = log.find(mark); at != std::string::npos; at = log.find(mark, at + 1))
    pids.push_back(std::stoi(log.substr(log.find(pid, at) + pid.size())));
  return pids;
}
inline bool none_runs(const std::vector<pid_t>& pids) { return std::ranges::none_of(pids, group_runs); }

inline pid_t control_of(const ProxyUnderTest& proxy, pid_t master) {
  for (const pid_t pid : children_of(master))
    if (proc_file(pid, "comm").starts_with("fl-control")) return pid;
  FAIL("there is no control process: ", proxy.log());
  return 0;
}

}  // namespace finishline::test
