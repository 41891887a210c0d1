// Any text is a configuration or a list of problems: parse() neither crashes nor throws, and says why.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "lb/config/config.h"
#include "tests/support/no_name.h"

using namespace finishline::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto result = parse(text, "fuzz.toml", finishline::test::no_name);
  if (const auto* config = std::get_if<Config>(&result)) {
    if (config->listeners.empty() || config->servers.empty() || config->worker_count() == 0) std::abort();
    return 0;
  }
  const auto& problems = std::get<std::vector<Problem>>(result);
  if (problems.empty()) std::abort();
  for (const Problem& problem : problems) {
    if (to_string(problem, "fuzz.toml").find('\n') != std::string::npos) std::abort();
  }
  return 0;
}
