#include "lb/http/reply_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "lb/http/passed_headers.h"

namespace finishline::http {

using proto::Status;

namespace {

std::string_view phrase_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

double in_ms(Nanos span) { return to_seconds(span) * 1e3; }

}  // namespace

int http_status_of(Status status) {
  switch (status) {
    case Status::ok:
      return 200;
    case Status::bad_frame:
      return 400;
    case Status::unknown_type:
      return 404;
    case Status::too_large:
      return 413;
    case Status::overloaded:
      return 429;
    case Status::server_error:
      return 500;
    case Status::server_lost:
      return 502;
    case Status::deadline_exceeded:
      return 504;
    case Status::no_server:
    case Status::draining:
    case Status::cancelled:
      return 503;
  }
  return 500;
}

std::string_view words_of(Status status) {
  switch (status) {
    case Status::ok:
      return "";
    case Status::bad_frame:
      return "bad request\n";
    case Status::unknown_type:
      return "no such type\n";
    case Status::too_large:
      return "the length is above what one request may have (work.max_length)\n";
    case Status::no_server:
      return "no server can do this now: try again\n";
    case Status::server_lost:
      return "the server was lost while it worked on this, or before, too often\n";
    case Status::deadline_exceeded:
      return "the deadline has passed before the work was done\n";
    case Status::overloaded:
      return "there is too much to do: try again after the time in Retry-After\n";
    case Status::draining:
      return "this proxy is stopping: try again\n";
    case Status::server_error:
      return "the server could not do it\n";
    case Status::cancelled:
      return "cancelled\n";
  }
  return "";
}

std::string text_of(const ReplyHead& head) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Length: {}\r\n", head.status,
                                 phrase_of(head.status), head.date, head.body_bytes);
  text += head.headers;
  if (head.headers.empty()) add_line(text, "Content-Type", head.content_type);
  const auto add = [&text]<class... Args>(fmt::format_string<Args...> form, Args&&... args) {
    fmt::format_to(std::back_inserter(text), form, std::forward<Args>(args)...);
  };
  if (head.word != Status::ok) add("Finishline-Status: {}\r\n", name_of(head.word));
  if (!head.server.empty()) add("Finishline-Server: {}\r\n", head.server);
  if (head.service > 0ns)
    add("Server-Timing: work;dur={:.3f}, total;dur={:.3f}\r\n", in_ms(head.service), in_ms(head.total));
  if (head.retry_after > 0ns)
    add("Retry-After: {}\r\n", std::chrono::ceil<std::chrono::seconds>(head.retry_after).count());
  if (head.status == 405) text += "Allow: POST\r\n";
  if (head.last) text += "Connection: close\r\n";
  if (head.tell_stay && !head.last) text += "Connection: keep-alive\r\n";
  return text += "\r\n";
}

}  // namespace finishline::http
