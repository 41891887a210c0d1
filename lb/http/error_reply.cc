#include "lb/http/error_reply.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace finishline::http {
namespace {

using ErrorJson = nlohmann::ordered_json;

std::string_view code_of(int status) {
  switch (status) {
    case 400:
    case 411:
      return "bad_request";
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 405:
      return "method_not_allowed";
    case 409:
      return "conflict";
    case 413:
    case 414:
    case 431:
      return "too_large";
    case 421:
      return "wrong_host";
    case 429:
      return "too_many_requests";
    case 503:
      return "unavailable";
    default:
      return "internal";
  }
}

}  // namespace

HttpReply error_reply(int status, std::string_view message, std::string_view pointer) {
  const ErrorJson body = {{"error",
                           {{"code", code_of(status)},
                            {"message", message},
                            {"pointer", pointer.empty() ? ErrorJson() : ErrorJson(pointer)}}}};
  return {.status = status,
          .type = "application/json",
          .body = body.dump(-1, ' ', false, ErrorJson::error_handler_t::replace) + "\n",
          .words = std::string(message)};
}

bool prefers_text(std::string_view accept) {
  const std::size_t text = accept.find("text/plain");
  if (text == std::string_view::npos) return false;
  return text < std::min({accept.find("application/json"), accept.find("application/*"), accept.find("*/*")});
}

HttpReply in_words(HttpReply reply) {
  if (reply.words.empty()) return reply;
  reply.type = "text/plain; charset=utf-8";
  reply.body = std::move(reply.words) + "\n";
  return reply;
}

}  // namespace finishline::http
