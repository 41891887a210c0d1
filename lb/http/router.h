// HTTP as a function: the bytes of a request in, the bytes of a reply out. Heads are read and written by
// cpp-httplib; there is no socket and no thread here, so a slow client has nothing to hold on to.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/http/later_reply.h"
#include "lb/http/message.h"
#include "lb/http/refusals.h"

namespace finishline::http {

class HttpRouter {
 public:
  using Handler = std::function<HttpReply(const HttpRequest&)>;
  /// Nothing lets the request pass; a reply is sent in place of the handler's.
  using Guard = std::function<std::optional<HttpReply>(const HttpRequest&)>;

  /// Bytes of a request's body, and of its path with the query.
  static constexpr std::size_t kMostBody = 1U << 20;
  static constexpr std::size_t kMostHead = 16 * 1024;  // of a request before its body
  static constexpr std::size_t kMostTarget = 2048;

  HttpRouter();
  HttpRouter(const HttpRouter&) = delete;
  HttpRouter& operator=(const HttpRouter&) = delete;
  ~HttpRouter();

  /// Requests of this method for this path, in which {name} stands for one part: "/pools/{name}/policy".
  void on(Method method, std::string path, Handler handler);
  void get(std::string path, Handler handler) { on(Method::get, std::move(path), std::move(handler)); }
  /// As get(), but not told of: files.
  void add_hidden(std::string path, Handler handler);
  void put(std::string path, Handler handler) { on(Method::put, std::move(path), std::move(handler)); }

  /// Asked before the handler of every request of a route that there is.
  void set_guard(Guard guard) { guard_ = std::move(guard); }
  /// Told of every request that a handler has answered, but for GET.
  void set_after_change(std::function<void(const HttpRequest&, const HttpReply&)> after) {
    after_ = std::move(after);
  }
  /// Who was refused here: by the guard, by handlers, and by the server, each of which counts for itself.
  RefusalCounts& refusals() { return refusals_; }

  struct Route {
    Method method;
    std::string path;
  };
  /// All, in the order of their registration.
  std::vector<Route> routes() const;

  struct Answer {
    std::string bytes;              // never empty, unless the reply comes later
    bool last = true;               // the connection ends with it
    EventStream* stream = nullptr;  // its events come behind it
    std::string last_seen{};        // the client's Last-Event-ID
    std::shared_ptr<LaterReply> later{};
    bool in_words = false;             // a later reply that is a refusal is put as text
    std::optional<Refused> refused{};  // before it was understood
  };
  /// To one whole request; `peer` is the client's host. Never throws. A reply that is the last says so.
  Answer answer(std::string_view request, std::string_view peer = {});
  /// Of a reply that came later.
  static std::string bytes_of(const HttpReply& reply, bool last);
  /// A refusal of a request that is not handed on, which is the last; in JSON, as nobody knows what its
  /// client would rather have.
  static std::string refusal(int status);

 private:
  class Parser;
  struct Entry {
    Route route;
    Handler handler;
    bool hidden = false;
  };

  HttpReply reply_to(HttpRequest& request);
  const Entry* find(HttpRequest& request) const;
  void tell_after(const HttpRequest& request, const HttpReply& reply) const;
  std::string paths_beside(const HttpRequest& request) const;
  std::string allowed(const HttpRequest& request) const;

  std::unique_ptr<Parser> parser_;
  std::vector<Entry> entries_;
  Guard guard_;
  std::function<void(const HttpRequest&, const HttpReply&)> after_;
  RefusalCounts refusals_;
};

}  // namespace finishline::http
