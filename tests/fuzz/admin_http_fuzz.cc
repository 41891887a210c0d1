// Whatever the admin server is sent, it has one reply to it, which closes the connection, and nothing is
// changed without a good request for that.
#include <cstdlib>
#include <string>
#include <string_view>

#include "lb/control/http_router.h"

namespace {

using finishline::control::HttpReply;
using finishline::control::HttpRequest;
using finishline::control::HttpRouter;

void require(bool holds) {
  if (!holds) std::abort();
}

bool whole_only_grows(std::string_view text) {
  return HttpRouter::is_whole(text) || !HttpRouter::is_whole(text.substr(0, text.size() / 2));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view request(reinterpret_cast<const char*>(data), size);
  HttpRouter router;
  router.get("/stats", [] { return HttpReply{200, "application/json", "{}\n"}; });
  router.put("/servers/", "/state", [](const HttpRequest& it) {
    require(!it.name.empty() && it.name.find('/') == std::string::npos);
    require(it.body.size() <= HttpRouter::kMostBody);
    return it.authorization.empty() ? HttpReply{401, "text/plain", "no\n"}
                                    : HttpReply{200, "text/plain", "yes\n"};
  });
  require(whole_only_grows(request));
  const std::string reply = router.answer(request);
  require(reply.starts_with("HTTP/1."));
  require(reply.find("\r\n\r\n") != std::string::npos);
  return 0;
}
