#include "lb/http/passed_headers.h"

#include <algorithm>
#include <span>

namespace finishline::http {
namespace {

constexpr std::string_view kToServer[] = {
    "Accept",           "Accept-Encoding",  "Accept-Language", "Authorization",
    "Content-Encoding", "Content-Language", "Content-Type",    "Traceparent",
    "Tracestate",       "User-Agent",       "X-Request-Id",
};
constexpr std::string_view kToClient[] = {
    "Cache-Control",    "Content-Disposition",
    "Content-Encoding", "Content-Language",
    "Content-Type",     "ETag",
    "Last-Modified",    "Link",
    "Location",         "Vary",
    "X-Request-Id",
};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::any_of(names, [name](std::string_view it) { return same_word(it, name); });
}

}  // namespace

bool goes_to_server(std::string_view name) { return is_one_of(kToServer, name); }
bool goes_to_client(std::string_view name) { return is_one_of(kToClient, name); }

void add_line(std::string& lines, std::string_view name, std::string_view value) {
  lines.append(name).append(": ").append(value).append("\r\n");
}

std::string lines_for_server(const RequestHead& head) {
  std::string lines;
  for (const HeaderField& field : head.fields)
    if (goes_to_server(field.name)) add_line(lines, field.name, field.value);
  if (head.header("Content-Type").empty()) add_line(lines, "Content-Type", kBytesType);
  return lines;
}

}  // namespace finishline::http
