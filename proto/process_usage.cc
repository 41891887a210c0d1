#include "proto/process_usage.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string>

namespace finishline {
namespace {

constexpr std::size_t kUserTicks = 11, kSystemTicks = 12, kResidentPages = 21;  // behind the name

/// The numbers behind the name: all fields but the state, which is a letter, and counts as 0.
std::optional<std::array<std::int64_t, kResidentPages + 1>> fields_of(std::string_view text) {
  const auto name_end = text.rfind(')');  // the name may hold anything, also this
  if (name_end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(name_end + 1);
  std::array<std::int64_t, kResidentPages + 1> fields{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!text.starts_with(' ')) return std::nullopt;
    text.remove_prefix(1);
    const std::string_view word = text.substr(0, text.find_first_of(" \n"));
    const auto read = std::from_chars(word.data(), word.data() + word.size(), fields[i]);
    if (word.empty() || (i > 0 && read.ptr != word.data() + word.size())) return std::nullopt;
    text.remove_prefix(word.size());
  }
  return fields;
}

}  // namespace

std::optional<ProcessUsage> parse_process_stat(std::string_view text, const ProcessUnits& units) {
  const auto fields = fields_of(text);
  if (!fields || units.ticks_per_second <= 0) return std::nullopt;
  const std::int64_t ticks = (*fields)[kUserTicks] + (*fields)[kSystemTicks],
                     pages = (*fields)[kResidentPages];
  if (ticks < 0 || pages < 0) return std::nullopt;
  return ProcessUsage{.cpu = ticks * Nanos(std::chrono::seconds(1)) / units.ticks_per_second,
                      .resident_bytes = static_cast<std::uint64_t>(pages) * units.page_bytes};
}

std::optional<ProcessUsage> process_usage(std::int32_t pid) {
  const int fd = ::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  char text[1024];
  const ssize_t n = ::read(fd, text, sizeof text);
  ::close(fd);
  if (n <= 0) return std::nullopt;
  return parse_process_stat({text, static_cast<std::size_t>(n)},
                            {.ticks_per_second = ::sysconf(_SC_CLK_TCK),
                             .page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))});
}

}  // namespace finishline
