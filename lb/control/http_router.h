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

/// Of a request about one thing.
struct HttpRequest {
  std::string name;  // the part of the path that names the thing
  std::string body;
  std::string authorization;  // the header's value; "" without
  std::string from{};         // the value of ?from=; "" without
};

class HttpRouter {
 public:
  HttpRouter();
  HttpRouter(const HttpRouter&) = delete;
  HttpRouter& operator=(const HttpRouter&) = delete;
  ~HttpRouter();

  /// GET and HEAD of exactly this path; the handler is asked for each.
  void get(const std::string& path, std::function<HttpReply()> handler);

  /// GET and HEAD of `before` NAME `after`, "/pools/" and "/policy".
  void get(const std::string& before, const std::string& after,
           std::function<HttpReply(const HttpRequest&)> handler);

  /// PUT of `before` NAME `after`, "/servers/" and "/state", with a body of at most kMostBody bytes.
  void put(const std::string& before, const std::string& after,
           std::function<HttpReply(const HttpRequest&)> handler);
  /// PUT of exactly this path; the request has no name.
  void put(const std::string& path, std::function<HttpReply(const HttpRequest&)> handler);
  static constexpr std::size_t kMostBody = 4096;

  /// The reply, which always says "Connection: close"; never empty, never throws. `request` is a whole
  /// head; what follows it is taken for the body.
  std::string answer(std::string_view request);

  /// True when nothing more is to be awaited: the head has ended with an empty line and the body has the
  /// length that the head promised, or will never be taken.
  static bool is_whole(std::string_view bytes);

 private:
  class Server;
  std::unique_ptr<Server> server_;
  std::string paths_;  // for those who ask for another
};

}  // namespace finishline::control
