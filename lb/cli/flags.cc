#include "lb/cli/flags.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <sstream>
#include <string_view>
#include <utility>

#include "lb/cli/admin_client.h"
#include "lb/flags/flag_words.h"

namespace finishline::cli {
namespace {

/// Commands of other programs, and what does the same here.
constexpr std::pair<std::string_view, std::string_view> kElsewhere[] = {
    {"start", "run"},      {"serve", "run"},       {"test", "check"},     {"configtest", "check"},
    {"validate", "check"}, {"stats", "status"},    {"show", "status"},    {"list", "status"},
    {"disable", "drain"},  {"enable", "undrain"},  {"simulate", "sim"},   {"stop", "SIGTERM"},
    {"quit", "SIGTERM"},   {"upgrade", "SIGUSR2"}, {"reopen", "SIGUSR1"},
};

/// "The following arguments were not expected: 5 --jsn", the last one first: the first flag, or word.
std::string first_unexpected(const std::string& message) {
  const auto colon = message.find(": ");
  std::istringstream words(colon == std::string::npos ? "" : message.substr(colon + 2));
  std::string first;
  for (std::string word; words >> word;)
    if (word.starts_with('-') || !first.starts_with('-')) first = word;
  return first.substr(0, first.find('='));
}

}  // namespace

std::string suggestion(const CLI::App& flags, const std::string& word) {
  for (const auto& [other, ours] : kElsewhere) {
    if (word != other || flags.get_name() != "finishline") continue;
    return ours.starts_with("SIG")
               ? ": send " + std::string(ours) + " to the process that proxy.pid_file names"
               : ", did you mean " + std::string(ours) + "?";
  }
  const std::string near = finishline::flags::nearest_word(flags, word);
  return near.empty() ? "" : ", did you mean " + near + "?";
}

int tell(const CLI::App& flags, const CLI::ParseError& error) {
  const std::string unexpected = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)
                                     ? first_unexpected(error.what())
                                     : std::string();
  if (unexpected.empty()) return flags.exit(error) == 0 ? 0 : kBadUse;
  std::fprintf(stderr, "%s: it does not know %s%s\nRun it with --help for more information.\n",
               flags.get_name().empty() ? "finishline" : flags.get_name().c_str(), unexpected.c_str(),
               suggestion(flags, unexpected).c_str());
  return kBadUse;
}

}  // namespace finishline::cli
