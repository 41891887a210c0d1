// The client program as a play needs it: load that runs beside the story, and a verdict at the end.
#pragma once

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/proxy_under_test.h"

namespace finishline::test {

/// finishline-client against the listener "media", or this address, its report as JSON; `options` as on the
/// command line.
class ClientProgram {
 public:
  ClientProgram(const ProxyUnderTest& proxy, std::vector<std::string> options)
      : ClientProgram("127.0.0.1:" + std::to_string(proxy.port()), std::move(options)) {}
  ClientProgram(const std::string& address, std::vector<std::string> options)
      : process_(program("finishline-client"), with_target(address, std::move(options))) {}

  ChildProcess& process() { return process_; }

  /// Waits for its end: every request was answered, each correctly. Returns the report.
  nlohmann::json check_perfect(std::int64_t requests, Nanos at_most = patience()) {
    const auto exit = process_.wait(at_most);
    const bool perfect = exit == Exit{0, 0};
    CHECK_MESSAGE(perfect, process_.errors(), process_.output());
    if (!exit || exit->signal != 0) return {};
    auto report = nlohmann::json::parse(process_.output());
    CHECK(report.at("ok") == requests);
    CHECK(report.at("wrong") == 0);
    CHECK(report.at("failed").empty());
    return report;
  }

 private:
  static std::vector<std::string> with_target(const std::string& address, std::vector<std::string> options) {
    options.insert(options.end(), {"--connect", address, "--json"});
    return options;
  }

  ChildProcess process_;
};

}  // namespace finishline::test
