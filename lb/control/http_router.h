// HTTP as a function: the bytes of a request in, the bytes of a reply out. Parsing and routing are
// cpp-httplib's; there is no socket and no thread here, so a slow client has nothing to hold on to.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace finishline::control {

struct HttpReply {
  int status = 200;
  std::string type;  // content type
  std::string body;
};

class HttpRouter {
 public:
  HttpRouter();
  HttpRouter(const HttpRouter&) = delete;
  HttpRouter& operator=(const HttpRouter&) = delete;
  ~HttpRouter();

  /// GET and HEAD of exactly this path; the handler is asked for each.
  void get(const std::string& path, std::function<HttpReply()> handler);

  /// The reply, which always says "Connection: close"; never empty, never throws. `request` is a whole
  /// head; what follows it is taken for the body.
  std::string answer(std::string_view request);

  /// True when `bytes` hold a whole request head: it ends with an empty line.
  static bool has_head(std::string_view bytes);

 private:
  class Server;
  std::unique_ptr<Server> server_;
  std::string paths_;  // for those who ask for another
};

}  // namespace finishline::control
