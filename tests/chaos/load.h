// A client under which a proxy works while it is tormented, and what it has to say in the end.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/chaos/deeds.h"
#include "tests/support/child_process.h"
#include "tests/support/proxy_under_test.h"

namespace finishline::test {

/// The load: its connections break all the time, its requests may be done twice, its bodies are proof.
class Load {
 public:
  Load(const ProxyUnderTest& proxy, std::uint64_t seconds, std::vector<std::string> options)
      : client_(program("finishline-client"), arguments(proxy, seconds, std::move(options))) {}

  /// Waits for its end, adds to the sums; what is wrong, or "".
  std::string verdict(Deeds& sums) {
    const auto exit = client_.wait();
    if (!exit) return "a client does not come to its end\n";
    if (exit->signal != 0) return "a client was killed by signal " + std::to_string(exit->signal) + '\n';
    const auto report = nlohmann::json::parse(client_.output(), nullptr, false);
    if (report.is_discarded()) return "a client has no report: " + client_.errors();
    sums["requests"] += report.at("requests").get<std::uint64_t>();
    sums["sent again"] += report.at("retries").get<std::uint64_t>();
    sums["connections lost"] += report.at("lost_connections").get<std::uint64_t>();
    if (*exit == Exit{0, 0}) return "";
    return "a client: failed " + report.at("failed").dump() + ", wrong " + report.at("wrong_by").dump() +
           ", unanswered " + report.at("unanswered").dump() + ' ' + client_.errors() + '\n';
  }

 private:
  static std::vector<std::string> arguments(const ProxyUnderTest& proxy, std::uint64_t seconds,
                                            std::vector<std::string> options) {
    options.insert(options.end(), {"--connect", "127.0.0.1:" + std::to_string(proxy.port()), "--duration",
                                   std::to_string(seconds) + "s", "--length", "1..5", "--json"});
    return options;
  }

  ChildProcess client_;
};

}  // namespace finishline::test
