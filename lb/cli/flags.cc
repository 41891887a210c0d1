#include "lb/cli/flags.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <sstream>
#include <string_view>
#include <vector>

#include "lb/cli/admin_client.h"
#include "lb/config/nearest.h"

namespace finishline::cli {
namespace {

std::vector<std::string> words_of(const CLI::App& flags) {
  std::vector<std::string> words;
  for (const CLI::Option* option : flags.get_options())
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  for (const CLI::App* command : flags.get_subcommands([](const CLI::App*) { return true; }))
    words.push_back(command->get_name());
  return words;
}

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
  const std::vector<std::string> words = words_of(flags);
  const std::vector<std::string_view> views(words.begin(), words.end());
  const std::string_view near = config::nearest(word, views);
  return near.empty() ? "" : ", did you mean " + std::string(near) + "?";
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
