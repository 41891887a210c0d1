#include "lb/http/router.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <exception>
#include <utility>

#include "lb/http/date.h"
#include "lb/http/error_reply.h"
#include "lb/http/framing.h"
#include "lb/http/httplib.h"

namespace finishline::http {
namespace {

/// Who answers, by which our commands know their own.
const std::string kProduct = "Finishline";

std::string_view date_now() { return date_text(std::chrono::system_clock::now()); }

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

std::string in_lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

HttpRequest request_of(const httplib::Request& from, Method method, std::string_view peer) {
  HttpRequest request{.method = method, .path = from.path, .body = from.body, .peer = std::string(peer)};
  for (const auto& [name, value] : from.params) request.query[name] = value;
  for (const auto& [name, value] : from.headers) request.headers[in_lower_case(name)] = value;
  return request;
}

void set_reply(httplib::Response& to, HttpReply reply) {
  to.status = reply.status;
  to.set_header("Server", kProduct);
  to.set_header("Date", std::string(date_now()));
  to.set_header("X-Content-Type-Options", "nosniff");
  for (auto& [name, value] : reply.headers) to.set_header(name.c_str(), value);
  if (reply.status == 401) to.set_header("WWW-Authenticate", "Bearer");
  to.set_content(std::move(reply.body), reply.type);
}

bool wants_to_close(const httplib::Request& request) {
  return request.version == "HTTP/1.0" || in_lower_case(request.get_header_value("Connection")) == "close";
}

/// Whether `path` is what the template stands for; {name} is put down in `name`.
bool fits(std::string_view path, std::string_view pattern, std::string& name) {
  const std::size_t hole = pattern.find("{name}");
  if (hole == std::string_view::npos) return path == pattern;
  const std::string_view before = pattern.substr(0, hole), after = pattern.substr(hole + 6);
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) || !path.ends_with(after))
    return false;
  const std::string_view part = path.substr(before.size(), path.size() - before.size() - after.size());
  if (part.find('/') != std::string_view::npos) return false;
  name = part;
  return true;
}

std::string_view reason_of(int status) {
  static constexpr std::pair<int, std::string_view> kReasons[] = {
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {404, "Not Found"},
      {409, "Conflict"},
      {411, "Length Required"},
      {413, "Payload Too Large"},
      {414, "URI Too Long"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  };
  for (const auto& [known, reason] : kReasons)
    if (known == status) return reason;
  return "Bad Request";
}

/// Of a reply of the library's own; 400 when it has none.
int status_of(std::string_view reply) {
  int status = 400;
  if (reply.size() > 12) std::from_chars(reply.data() + 9, reply.data() + 12, status);
  return status;
}

HttpRouter::Answer refused(int status) {
  return {.bytes = HttpRouter::refusal(status), .refused = reason_for(status)};
}

/// What is asked of who is refused, before it is known what it wants.
std::string words_of(int status) {
  if (status == 413)
    return "the body is larger than " + std::to_string(HttpRouter::kMostBody) +
           " bytes, which is all that is taken: send it in parts";
  if (status == 414)
    return "path and query are longer than " + std::to_string(HttpRouter::kMostTarget) +
           " bytes, which is all that is taken: ask for less at once";
  if (status == 431)
    return "the head is larger than " + std::to_string(HttpRouter::kMostHead) +
           " bytes, or one of its fields than " + std::to_string(kMostField) +
           ", which is all that is taken: send fewer or shorter ones";
  if (status == 411) return "the body comes without a length: send Content-Length, not chunks";
  if (status == 400)
    return "no HTTP request, or one that two readers could take for two different things: a line that is "
           "folded, ends without CR LF, or has no name and colon, or two of Host or Content-Length";
  return in_lower_case(std::string(reason_of(status)));
}

constexpr std::string_view kTypeLine = "\r\ncontent-type:";

/// Bodies are ours to read: what a tool calls a form, as curl does by itself, the library would cut to pieces
/// and take no more than 8 KiB of. Such a type is put down in `type` and taken out of the head; the request,
/// or what it has become in `held`.
std::string_view without_form(std::string_view request, std::string& type, std::string& held) {
  const std::size_t end = std::min(request.find("\r\n\r\n"), request.size());
  const std::string head = in_lower_case(std::string(request.substr(0, end)) + "\r\n");
  const std::size_t at = head.find(kTypeLine);
  if (at == std::string::npos) return request;
  const std::size_t from = at + kTypeLine.size(), to = head.find("\r\n", from);
  if (head.find("form", from) >= to) return request;
  type = request.substr(from, to - from);
  type.erase(0, type.find_first_not_of(" \t"));
  held.assign(request);
  held.erase(from, to - from);
  held.insert(from, " application/octet-stream");
  return held;
}

std::string event_stream_head() {
  return "HTTP/1.1 200 OK\r\nDate: " + std::string(date_now()) +
         "\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
         "Server: Finishline\r\nX-Content-Type-Options: nosniff\r\nX-Accel-Buffering: no\r\nConnection: "
         "close\r\n\r\nretry: "
         "1000\n\n";
}

}  // namespace

/// cpp-httplib's server without its sockets and threads.
class HttpRouter::Parser : public httplib::Server {
 public:
  explicit Parser(HttpRouter& router) : router_(router) {
    set_payload_max_length(kMostBody);
    set_keep_alive_timeout(30);
    set_keep_alive_max_count(1000);
    const auto all = [this](Method method) {
      return
          [this, method](const httplib::Request& from, httplib::Response& to) { handle(from, to, method); };
    };
    Get(".*", all(Method::get));
    Put(".*", all(Method::put));
    Post(".*", all(Method::post));
    Patch(".*", all(Method::patch));
    Delete(".*", all(Method::del));
  }

  Answer answer(std::string_view request, std::string_view peer) {
    peer_ = peer;
    stream_ = nullptr;
    later_ = nullptr;
    last_ = true;
    handled_ = false;
    last_seen_.clear();
    form_type_.clear();
    std::string held;
    const std::string_view taken = without_form(request, form_type_, held);
    Exchange exchange(taken);
    bool closed = false;
    process_request(exchange, /*close_connection=*/closes(taken), closed, [this](httplib::Request& it) {
      last_ = wants_to_close(it);
      last_seen_ = it.get_header_value("Last-Event-ID");
      if (last_seen_.empty()) last_seen_ = it.get_param_value("after");
      it.ranges.clear();  // many ranges in one request would multiply the page
      encodings_ = it.get_header_value("Accept-Encoding");
      it.headers.erase("Accept-Encoding");  // pages are compressed beforehand or not at all
      it.headers.erase("Expect");           // has been answered
    });
    if (stream_ != nullptr) return {event_stream_head(), true, stream_, last_seen_};
    if (later_)
      return {.bytes = {}, .last = last_, .later = std::exchange(later_, nullptr), .in_words = in_words_};
    if (!handled_) return refused(status_of(exchange.take_reply()));
    return {exchange.take_reply(), last_};
  }

 private:
  /// As wants_to_close(), before the head is read: the library has to know first.
  static bool closes(std::string_view request) {
    const std::string head = in_lower_case(std::string(request.substr(0, request.find("\r\n\r\n"))));
    return head.find(" http/1.1\r\n") == std::string::npos ||
           head.find("\r\nconnection: close") != std::string::npos;
  }

  void handle(const httplib::Request& from, httplib::Response& to, Method method) {
    handled_ = true;
    HttpRequest request = request_of(from, method, peer_);
    request.headers["accept-encoding"] = encodings_;
    if (!form_type_.empty()) request.headers["content-type"] = form_type_;
    in_words_ = prefers_text(request.header("accept"));
    HttpReply reply = router_.reply_to(request);
    stream_ = reply.stream;
    later_ = reply.later;
    set_reply(to, in_words_ ? in_words(std::move(reply)) : std::move(reply));
  }

  HttpRouter& router_;
  std::string_view peer_;
  EventStream* stream_ = nullptr;
  std::shared_ptr<LaterReply> later_;
  bool last_ = true;
  bool handled_ = false;
  bool in_words_ = false;
  std::string last_seen_, encodings_, form_type_;
};

HttpRouter::HttpRouter() : parser_(std::make_unique<Parser>(*this)) {}

HttpRouter::~HttpRouter() = default;

void HttpRouter::on(Method method, std::string path, Handler handler) {
  entries_.push_back({{method, std::move(path)}, std::move(handler)});
}

void HttpRouter::add_hidden(std::string path, Handler handler) {
  entries_.push_back({{Method::get, std::move(path)}, std::move(handler), true});
}

std::vector<HttpRouter::Route> HttpRouter::routes() const {
  std::vector<Route> all;
  for (const Entry& entry : entries_)
    if (!entry.hidden) all.push_back(entry.route);
  return all;
}

HttpReply HttpRouter::reply_to(HttpRequest& request) {
  const Entry* const entry = find(request);
  if (entry != nullptr) {
    if (guard_)
      if (auto refusal = guard_(request)) return std::move(*refusal);
    HttpReply reply = entry->handler(request);
    tell_after(request, reply);
    return reply;
  }
  if (const std::string methods = allowed(request); !methods.empty()) {
    HttpReply reply = error_reply(405, request.path + " takes " + methods);
    reply.headers.emplace_back("Allow", methods);
    return reply;
  }
  return error_reply(404, "not found; there is" + paths_beside(request));
}

void HttpRouter::tell_after(const HttpRequest& request, const HttpReply& reply) const {
  if (!after_ || request.method == Method::get) return;
  if (!reply.later) return after_(request, reply);
  reply.later->watch([this, request](const HttpReply& it) { after_(request, it); });
}

/// What can be read: of the API, or outside of it, as the request is.
std::string HttpRouter::paths_beside(const HttpRequest& request) const {
  const auto inside = [](const std::string& path) { return path.starts_with("/api/"); };
  std::string paths;
  for (const Entry& it : entries_)
    if (!it.hidden && it.route.method == Method::get && inside(it.route.path) == inside(request.path))
      paths += ' ' + it.route.path;
  return paths;
}

const HttpRouter::Entry* HttpRouter::find(HttpRequest& request) const {
  const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
    return entry.route.method == request.method && fits(request.path, entry.route.path, request.name);
  });
  return found == entries_.end() ? nullptr : &*found;
}

std::string HttpRouter::allowed(const HttpRequest& request) const {
  std::string methods, name;
  for (const Entry& entry : entries_) {
    if (!fits(request.path, entry.route.path, name)) continue;
    if (!methods.empty()) methods += ", ";
    methods += name_of(entry.route.method);
  }
  return methods;
}

HttpRouter::Answer HttpRouter::answer(std::string_view request, std::string_view peer) {
  if (request.substr(0, request.find("\r\n")).size() > kMostTarget) return refused(414);
  Answer answer;
  try {
    answer = parser_->answer(request, peer);
  } catch (const std::exception&) {  // the library throws on some malformed input
  }
  if (answer.bytes.empty() && !answer.later) return refused(400);
  return answer;
}

std::string HttpRouter::bytes_of(const HttpReply& reply, bool last) {
  std::string head =
      "HTTP/1.1 " + std::to_string(reply.status) + ' ' + std::string(reason_of(reply.status)) +
      "\r\nContent-Type: " + reply.type + "\r\nDate: " + std::string(date_now()) + "\r\nServer: " + kProduct +
      "\r\nX-Content-Type-Options: nosniff\r\nContent-Length: " + std::to_string(reply.body.size()) +
      (last ? "\r\nConnection: close\r\n" : "\r\n");
  for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
  return head + "\r\n" + reply.body;
}

std::string HttpRouter::refusal(int status) {
  return bytes_of(error_reply(status, words_of(status)), /*last=*/true);
}

}  // namespace finishline::http
