// What tests say to an HTTP session on a stage, and look for in what comes back.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/session_stage.h"

namespace finishline::test {

inline std::string post(const std::string& target, const std::string& body = "",
                        const std::string& fields = "") {
  return "POST " + target + " HTTP/1.1\r\nHost: a\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

inline bool has(const StagePeer& client, std::string_view part) {
  return client.received().find(part) != std::string::npos;
}

inline bool until_has(SessionStage& proxy, StagePeer& client, std::string_view part) {
  return proxy.until([&] { return has(client, part); });
}

}  // namespace finishline::test
