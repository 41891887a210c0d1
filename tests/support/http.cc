#include "tests/support/http.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <sstream>

#include "tests/support/tcp_peer.h"

namespace finishline::test {
namespace {

/// The value of a header, whatever its spelling; "" when it is not there.
std::string header_value(const std::string& head, const std::string& lower_name) {
  std::istringstream lines(head);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    if (name != lower_name) continue;
    const auto value = line.find_first_not_of(' ', colon + 1);
    return line.substr(value, line.find('\r') - value);
  }
  return "";
}

HttpReply ask(std::uint16_t port, const std::string& what, const std::string& headers,
              const std::string& body = "") {
  TcpPeer server = TcpPeer::connect(port);
  server.send(what + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + headers + "\r\n" + body);
  const std::string reply = server.read_all();
  const auto end_of_head = reply.find("\r\n\r\n");
  const auto status = reply.find(' ');
  if (!reply.starts_with("HTTP/1.") || end_of_head == std::string::npos) return {};
  return {std::atoi(reply.c_str() + status), reply.substr(end_of_head + 4),
          header_value(reply.substr(0, end_of_head + 2), "content-type")};
}

}  // namespace

HttpReply http_get(std::uint16_t port, const std::string& path) { return ask(port, "GET " + path, ""); }

HttpReply http_put(std::uint16_t port, const std::string& path, const std::string& body,
                   const std::string& token) {
  return http_send(port, "PUT", path, body, token);
}

HttpReply http_send(std::uint16_t port, const std::string& method, const std::string& path,
                    const std::string& body, const std::string& token) {
  const std::string authorization = token.empty() ? "" : "Authorization: Bearer " + token + "\r\n";
  return ask(port, method + ' ' + path,
             authorization + "Content-Length: " + std::to_string(body.size()) + "\r\n", body);
}

}  // namespace finishline::test
