#include "lb/master/files.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "lb/config/document.h"
#include "lb/process/pid_file.h"
#include "lb/process/secret.h"

namespace finishline::master {
namespace {

config::Problem problem_at(const config::Source& source, std::string_view key, std::string message,
                           std::string remedy) {
  const config::TextPosition place = config::place_of(source.text, "proxy", key);
  return {place.line, place.column, "proxy." + std::string(key), std::move(message), std::move(remedy)};
}

}  // namespace

std::vector<config::Problem> problems_of_files(const config::Source& source, const config::Config& config) {
  std::vector<config::Problem> problems;
  if (const auto& file = config.proxy.admin_token_file; !file.empty()) {
    const auto secret = process::read_secret(file);
    if (const auto* why = std::get_if<std::string>(&secret))
      problems.push_back(problem_at(source, "admin_token_file", *why,
                                    "write a token into it, for its owner alone to read (chmod 600)"));
  }
  if (auto why = process::PidFile::fault_of(config.proxy.pid_file))
    problems.push_back(problem_at(source, "pid_file", std::move(*why),
                                  "name a file in a folder that the proxy may write to"));
  std::ranges::sort(problems, {}, &config::Problem::line);
  return problems;
}

}  // namespace finishline::master
