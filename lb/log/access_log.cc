#include "lb/log/access_log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cerrno>
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

/// -1 with errno. Does not wait for somebody to read it, if it is a named pipe.
int open_access_file() {
  return ::open(g_access_file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                0640);
}

void write_access_to(int fd) {
  g_access_writer = fd < 0 ? nullptr : std::make_unique<LineWriter>(fd, true);
  g_access_descriptor = fd;
}

}  // namespace

std::string access_line(const AccessEntry& entry, std::chrono::system_clock::time_point at) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(at);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(at - whole).count();
  const nlohmann::ordered_json object = {
      {"time", fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                           fmt::gmtime(std::chrono::system_clock::to_time_t(whole)), millis)},
      {"worker", entry.worker},
      {"listener", entry.listener},
      {"client", entry.client},
      {"pool", entry.pool},
      {"type", entry.type},
      {"length", entry.length},
      {"server", entry.server},
      {"status", entry.status},
      {"waiting_ms", ms(entry.waiting)},
      {"service_ms", ms(entry.service)},
      {"total_ms", ms(entry.total)},
      {"attempts", entry.attempts},
      {"why", entry.why},
      {"told", entry.told}};
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
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

bool write_access(const AccessEntry& entry) {
  return g_access_writer != nullptr &&
         g_access_writer->write(access_line(entry, std::chrono::system_clock::now()));
}

}  // namespace finishline::log
