#include "client/own_time.h"

#include <sys/resource.h>

#include <ctime>
#include <fstream>

namespace finishline::client {

OwnTime own_time() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto nanos = [](const timeval& t) { return Nanos{t.tv_sec * 1'000'000'000LL + t.tv_usec * 1000LL}; };
  std::int64_t on_cpu = 0, waited = 0;  // as the kernel's scheduler counts them
  if (!(std::ifstream("/proc/thread-self/schedstat") >> on_cpu >> waited)) waited = 0;
  timespec thread{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &thread);
  return {nanos(usage.ru_utime) + nanos(usage.ru_stime),
          Nanos{thread.tv_sec * 1'000'000'000LL + thread.tv_nsec}, Nanos{waited}};
}

}  // namespace finishline::client
