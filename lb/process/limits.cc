#include "lb/process/limits.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>

#include "lb/config/descriptors.h"

namespace finishline::process {

std::optional<std::string> raise_descriptor_limit(const config::Config& config) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const config::DescriptorNeed need = config::descriptor_need(config);
  if (std::string problem = config::shortage(need, limit.rlim_max); !problem.empty()) return problem;
  if (limit.rlim_cur >= need.sum()) return std::nullopt;
  limit.rlim_cur = need.sum();
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return std::nullopt;
  return std::string("cannot raise the limit of open files: ") + std::strerror(errno);
}

}  // namespace finishline::process
