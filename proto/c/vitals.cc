#include "proto/c/vitals.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

namespace finishline::clib {
namespace {

Nanos span_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

Nanos cpu_used() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return span_of(usage.ru_utime) + span_of(usage.ru_stime);
}

/// 0 where the kernel does not tell it in this way.
std::uint64_t resident_bytes() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"),
                                                             &std::fclose);
  unsigned long all = 0, resident = 0;
  if (!file || std::fscanf(file.get(), "%lu %lu", &all, &resident) != 2) return 0;
  return std::uint64_t{resident} * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

// The fraction is written by hand: a locale may want a comma.
std::string Vitals::body(std::uint32_t slots, Nanos backlog, Instant now) {
  if (since_ == Instant::min() || now - since_ >= 1s) {
    const Nanos cpu = cpu_used();
    if (since_ != Instant::min()) permille_ = (cpu - cpu_before_) * 1000 / (now - since_);
    since_ = now;
    cpu_before_ = cpu;
  }
  std::string text =
      "{\"cpu_percent\": " + std::to_string(permille_ / 10) + "." + std::to_string(permille_ % 10);
  if (const std::uint64_t bytes = resident_bytes(); bytes > 0)
    text += ", \"memory_bytes\": " + std::to_string(bytes);
  text += ", \"slots\": " + std::to_string(slots);
  return text + ", \"backlog_us\": " + std::to_string(backlog / 1us) + ", \"cancel\": true}";
}

}  // namespace finishline::clib
