#include "lb/flags/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <sstream>
#include <vector>

#include "lb/flags/flag_words.h"

namespace finishline::flags {
namespace {

/// "The following arguments were not expected: 5 words", the last one first: the first of them.
std::string first_unexpected(const CLI::ParseError& error) {
  const std::string message = error.what();
  const auto colon = message.find(": ");
  std::istringstream words(colon == std::string::npos ? "" : message.substr(colon + 2));
  std::string first;
  for (std::string word; words >> word;) first = word;
  return first;
}

/// The word that is no command and stands where one must; or one too many; "" where something else is wrong.
std::string unknown_word(const CLI::App& app, const CLI::ParseError& error,
                         const std::vector<std::string>& words) {
  const auto code = static_cast<CLI::ExitCodes>(error.get_exit_code());
  if (code != CLI::ExitCodes::ExtrasError && code != CLI::ExitCodes::RequiredError) return {};
  if (const std::string command = unknown_command(app, words); !command.empty()) return command;
  return code == CLI::ExitCodes::ExtrasError ? first_unexpected(error) : "";
}

void complain(const CLI::App& app, const std::string& word, const std::string& meant, Instead instead) {
  std::string hint = instead == nullptr ? "" : instead(word);
  if (hint.empty() && !meant.empty()) hint = ", did you mean " + meant + "?";
  std::fprintf(stderr, "%s: it does not know %s%s\n", app.get_name().c_str(), word.c_str(), hint.c_str());
}

int refused() {
  std::fputs("Run it with --help for more information.\n", stderr);
  return kBadUse;
}

/// What is wrong otherwise, and, where a word is missing, how the command is written.
int complain_of(const CLI::App& app, const CLI::App& command, const CLI::ParseError& error) {
  std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), error.what());
  const std::string help = command.help();
  const auto usage = help.find("Usage: ");
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) && usage != std::string::npos)
    std::fprintf(stderr, "%s\n", help.substr(usage, help.find('\n', usage) - usage).c_str());
  return refused();
}

}  // namespace

std::optional<int> parse(CLI::App& app, int argc, char** argv, Instead instead) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const CLI::App& command = command_in(app, words);
  const auto unknown = unknown_flags(app, words);
  for (const std::string& flag : unknown) complain(app, flag, nearest_word(command, flag), instead);
  if (!unknown.empty()) return refused();
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    const std::string word = unknown_word(app, error, words);
    if (word.empty() && error.get_exit_code() == 0) return app.exit(error);
    if (word.empty()) return complain_of(app, command, error);
    complain(app, word, nearest_word(command, word), instead);
    return refused();
  }
}

}  // namespace finishline::flags
