#include "lb/http/date.h"

#include <fmt/chrono.h>

#include <string>

namespace finishline::http {

std::string_view date_text(std::chrono::system_clock::time_point at) {
  thread_local std::time_t written = -1;
  thread_local std::string text;
  const std::time_t second = std::chrono::system_clock::to_time_t(at);
  if (second == written) return text;
  written = second;
  return text = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(second));
}

}  // namespace finishline::http
