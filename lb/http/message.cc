#include "lb/http/message.h"

namespace finishline::http {
namespace {

std::string_view value_in(const std::map<std::string, std::string>& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view without_leading_spaces(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

}  // namespace

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::put:
      return "PUT";
    case Method::post:
      return "POST";
    case Method::patch:
      return "PATCH";
    case Method::del:
      return "DELETE";
  }
  return "";
}

std::string_view HttpRequest::header(const std::string& lower_case_name) const {
  return value_in(headers, lower_case_name);
}

std::string_view HttpRequest::parameter(const std::string& query_name) const {
  return value_in(query, query_name);
}

std::string_view HttpRequest::cookie(std::string_view cookie_name) const {
  std::string_view rest = header("cookie");
  while (!rest.empty()) {
    const std::string_view pair = without_leading_spaces(rest.substr(0, rest.find(';')));
    if (pair.size() > cookie_name.size() && pair.starts_with(cookie_name) && pair[cookie_name.size()] == '=')
      return pair.substr(cookie_name.size() + 1);
    rest = rest.find(';') == std::string_view::npos ? std::string_view() : rest.substr(rest.find(';') + 1);
  }
  return {};
}

}  // namespace finishline::http
