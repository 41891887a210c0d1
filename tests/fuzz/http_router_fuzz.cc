// Whatever the admin server is sent, it has one reply to it, which closes the connection, and nothing is
// changed without a good request for that.
#include <cstdlib>
#include <string>
#include <string_view>

#include "lb/http/framing.h"
#include "lb/http/router.h"

namespace {

using finishline::http::framing_of;
using finishline::http::HttpReply;
using finishline::http::HttpRequest;
using finishline::http::HttpRouter;

void require(bool holds) {
  if (!holds) std::abort();
}

bool head_stays(std::string_view text) {
  const auto half = framing_of(text.substr(0, text.size() / 2), HttpRouter::kMostBody);
  const auto whole = framing_of(text, HttpRouter::kMostBody);
  return !half || (whole && whole->size() == half->size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view request(reinterpret_cast<const char*>(data), size);
  HttpRouter router;
  router.get("/stats", [](const HttpRequest&) { return HttpReply{200, "application/json", "{}\n"}; });
  router.put("/servers/{name}/state", [](const HttpRequest& it) {
    require(!it.name.empty() && it.name.find('/') == std::string::npos);
    require(it.body.size() <= HttpRouter::kMostBody);
    return it.header("authorization").empty() ? HttpReply{401, "text/plain", "no\n"}
                                              : HttpReply{200, "text/plain", "yes\n"};
  });
  require(head_stays(request));
  const std::string reply = router.answer(request).bytes;
  require(reply.starts_with("HTTP/1."));
  require(reply.find("\r\n\r\n") != std::string::npos);
  return 0;
}
