#include "lb/log/access_log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>

#include "lb/log/line_writer.h"

namespace finishline::log {
namespace {

std::string g_access_file;
std::unique_ptr<LineWriter> g_access_writer;  // none: nothing is told
int g_access_descriptor = -1;                 // that it owns

double ms(Nanos span) { return static_cast<double>(span / 1us) / 1000; }

bool is_plain(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

void append_text(std::string& to, std::string_view text) {
  if (std::ranges::all_of(text, is_plain)) {
    to.append(1, '"').append(text).append(1, '"');
  } else {
    to += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
}

/// -1 with errno. Does not wait for somebody to read it, if it is a named pipe.
int open_access_file() {
  return ::open(g_access_file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                0640);
}

void write_access_to(int fd) {
  g_access_writer = fd < 0 ? nullptr : std::make_unique<LineWriter>(fd, true);
  g_access_descriptor = fd;
}

/// What every line begins with: when, and whose it is.
template <class Entry>
void begin_line(std::string& to, const Entry& entry, std::chrono::system_clock::time_point at) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(at);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(at - whole).count();
  fmt::format_to(std::back_inserter(to), R"({{"time":"{:%Y-%m-%dT%H:%M:%S}.{:03}Z","worker":{},"listener":)",
                 fmt::gmtime(std::chrono::system_clock::to_time_t(whole)), millis, entry.worker);
  append_text(to, entry.listener);
  append_text(to += R"(,"client":)", entry.client);
  append_text(to += R"(,"pool":)", entry.pool);
}

void end_line(std::string& to, std::string_view told) {
  append_text(to += R"(,"told":)", told);
  to += "}\n";
}

}  // namespace

void append_access_line(std::string& to, const AccessedRequest& entry,
                        std::chrono::system_clock::time_point at) {
  begin_line(to, entry, at);
  append_text(to += R"(,"type":)", entry.type);
  fmt::format_to(std::back_inserter(to), R"(,"length":{},"server":)", entry.length);
  append_text(to, entry.server);
  append_text(to += R"(,"status":)", entry.status);
  fmt::format_to(std::back_inserter(to),
                 R"(,"waiting_ms":{:.3f},"service_ms":{:.3f},"total_ms":{:.3f},"attempts":{},"why":)",
                 ms(entry.waiting), ms(entry.service), ms(entry.total), entry.attempts);
  append_text(to, entry.why);
  end_line(to, entry.told);
}

void append_access_line(std::string& to, const AccessedStream& entry,
                        std::chrono::system_clock::time_point at) {
  begin_line(to, entry, at);
  append_text(to += R"(,"server":)", entry.server);
  append_text(to += R"(,"ended":)", entry.ended);
  fmt::format_to(std::back_inserter(to),
                 R"(,"waiting_ms":{:.3f},"total_ms":{:.3f},"bytes_in":{},"bytes_out":{},"attempts":{})",
                 ms(entry.waiting), ms(entry.total), entry.bytes_in, entry.bytes_out, entry.attempts);
  end_line(to, entry.told);
}

std::string start_access_log(const std::string& file) {
  g_access_file = file;
  write_access_to(-1);
  return reopen_access_log();
}

std::string reopen_access_log() {
  if (g_access_file.empty()) return "";
  const int fd = open_access_file();
  if (fd < 0) return fmt::format("{}: {}", g_access_file, std::generic_category().message(errno));
  write_access_to(fd);
  return "";
}

void continue_access_log_in(int fd) { write_access_to(fd); }

int access_log_descriptor() { return g_access_descriptor; }

bool write_access(std::string_view lines) {
  return g_access_writer != nullptr && g_access_writer->write(lines);
}

}  // namespace finishline::log
