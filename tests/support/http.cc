#include "tests/support/http.h"

#include <httplib.h>

#include <chrono>

#include "tests/support/wait_until.h"

namespace finishline::test {

HttpReply http_get(std::uint16_t port, const std::string& path) {
  httplib::Client client("127.0.0.1", port);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience()).count();
  client.set_connection_timeout(seconds);
  client.set_read_timeout(seconds);
  const auto result = client.Get(path.c_str());
  if (!result) return {};
  return {result->status, result->body, result->get_header_value("Content-Type")};
}

}  // namespace finishline::test
