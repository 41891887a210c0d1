// One HTTP request to 127.0.0.1, for the admin server: written by hand, so that it shares no mistake with it.
#pragma once

#include <cstdint>
#include <string>

namespace finishline::test {

struct HttpReply {
  int status = 0;  // 0: there was no reply
  std::string body;
  std::string content_type;
};

/// The reply of a server that closes when asked to, with a body that is not chunked. Throws when nobody
/// listens.
HttpReply http_get(std::uint16_t port, const std::string& path);
/// The same for PUT, with a bearer token unless that is "".
HttpReply http_put(std::uint16_t port, const std::string& path, const std::string& body,
                   const std::string& token);

/// The same for any method.
HttpReply http_send(std::uint16_t port, const std::string& method, const std::string& path,
                    const std::string& body, const std::string& token);

}  // namespace finishline::test
