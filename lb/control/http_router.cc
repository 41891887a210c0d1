#include "lb/control/http_router.h"

#include <algorithm>
#include <cctype>
#include <charconv>
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

/// For a pattern with one group.
HttpRequest request_of(const httplib::Request& from) {
  return {from.matches[1], from.body, from.get_header_value("Authorization"), from.get_param_value("from")};
}

void set_reply(httplib::Response& to, HttpReply reply) {
  to.status = reply.status;
  if (reply.status == 401) to.set_header("WWW-Authenticate", "Bearer");
  to.set_content(std::move(reply.body), reply.type);
}

/// The value of Content-Length in this head; 0 when there is none that will be taken.
std::size_t promised_body(std::string_view head) {
  constexpr std::string_view kName = "\r\ncontent-length:";
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  const auto found = std::search(head.begin(), head.end(), kName.begin(), kName.end(), same);
  if (found == head.end()) return 0;
  const char* digits = &*found + kName.size();
  const char* const end = head.data() + head.size();
  while (digits != end && *digits == ' ') ++digits;
  std::size_t length = 0;
  const bool good = std::from_chars(digits, end, length).ec == std::errc{};
  return good && length <= HttpRouter::kMostBody ? length : 0;
}

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
  server_->set_payload_max_length(kMostBody);
  server_->set_error_handler([this](const httplib::Request&, httplib::Response& reply) {
    if (reply.status == 404 && reply.body.empty())
      reply.set_content("not found; there is" + paths_ + "\n", "text/plain");
  });
}

HttpRouter::~HttpRouter() = default;

void HttpRouter::get(const std::string& path, std::function<HttpReply()> handler) {
  paths_ += " " + path;
  server_->Get(path, [handler = std::move(handler)](const httplib::Request&, httplib::Response& to) {
    set_reply(to, handler());
  });
}

void HttpRouter::get(const std::string& before, const std::string& after,
                     std::function<HttpReply(const HttpRequest&)> handler) {
  paths_ += " " + before + "NAME" + after;
  server_->Get(before + "([^/]+)" + after,
               [handler = std::move(handler)](const httplib::Request& from, httplib::Response& to) {
                 set_reply(to, handler(request_of(from)));
               });
}

void HttpRouter::put(const std::string& before, const std::string& after,
                     std::function<HttpReply(const HttpRequest&)> handler) {
  put(before + "([^/]+)" + after, std::move(handler));
}

void HttpRouter::put(const std::string& path, std::function<HttpReply(const HttpRequest&)> handler) {
  server_->Put(path, [handler = std::move(handler)](const httplib::Request& from, httplib::Response& to) {
    set_reply(to, handler(request_of(from)));
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

bool HttpRouter::is_whole(std::string_view bytes) {
  const std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return false;
  return bytes.size() - head - 4 >= promised_body(bytes.substr(0, head + 2));
}

}  // namespace finishline::control
