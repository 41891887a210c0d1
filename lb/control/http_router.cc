#include "lb/control/http_router.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "lb/control/httplib.h"

namespace finishline::control {
namespace {

constexpr std::string_view kBadRequest =
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    "Content-Length: 12\r\n\r\nbad request\n";

/// A connection that has said all it will ever say.
class Exchange : public httplib::Stream {
 public:
  explicit Exchange(std::string_view request) : request_(request) {}

  bool is_readable() const override { return !request_.empty(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, std::size_t size) override {
    const std::size_t n = request_.copy(to, size);
    request_.remove_prefix(n);
    return static_cast<ssize_t>(n);
  }
  ssize_t write(const char* from, std::size_t size) override {
    reply_.append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }

  std::string take_reply() { return std::move(reply_); }

 private:
  std::string_view request_;
  std::string reply_;
};

}  // namespace

/// cpp-httplib's server without its sockets and threads.
class HttpRouter::Server : public httplib::Server {
 public:
  std::string answer(std::string_view request) {
    Exchange exchange(request);
    bool closed = false;
    process_request(exchange, /*close_connection=*/true, closed, [](httplib::Request& it) {
      it.ranges.clear();                    // many ranges in one request would multiply the page
      it.headers.erase("Accept-Encoding");  // compressing is worth no time of the control process
    });
    return exchange.take_reply();
  }
};

HttpRouter::HttpRouter() : server_(std::make_unique<Server>()) {
  server_->set_payload_max_length(0);
  server_->set_error_handler([this](const httplib::Request&, httplib::Response& reply) {
    if (reply.status == 404) reply.set_content("not found; there is" + paths_ + "\n", "text/plain");
  });
}

HttpRouter::~HttpRouter() = default;

void HttpRouter::get(const std::string& path, std::function<HttpReply()> handler) {
  paths_ += " " + path;
  server_->Get(path, [handler = std::move(handler)](const httplib::Request&, httplib::Response& to) {
    HttpReply reply = handler();
    to.status = reply.status;
    to.set_content(std::move(reply.body), reply.type);
  });
}

std::string HttpRouter::answer(std::string_view request) {
  std::string reply;
  try {
    reply = server_->answer(request);
  } catch (const std::exception&) {  // the library throws on some malformed input
  }
  return reply.empty() ? std::string(kBadRequest) : reply;
}

bool HttpRouter::has_head(std::string_view bytes) { return bytes.find("\r\n\r\n") != std::string_view::npos; }

}  // namespace finishline::control
