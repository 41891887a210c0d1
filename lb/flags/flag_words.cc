#include "lb/flags/flag_words.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "proto/nearest.h"

namespace finishline::flags {
namespace {

bool looks_like_flag(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

/// "--length=5" and "-n5" as "--length" and "-n".
std::string name_in(const CLI::App& app, const std::string& word) {
  if (word.starts_with("--")) return word.substr(0, word.find('='));
  const std::string letter = word.substr(0, 2);
  return app.get_option_no_throw(letter) == nullptr ? word.substr(0, word.find('=')) : letter;
}

/// Whether the next word is the value of this flag, whatever it looks like.
bool takes_next(const CLI::Option& option, const std::string& word, const std::string& name) {
  return option.get_items_expected_min() > 0 && word.size() == name.size();
}

const CLI::App* command_named(const CLI::App& app, const std::string& name) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (command->get_name() == name) return command;
  return nullptr;
}

bool has_commands(const CLI::App& app) {
  return !app.get_subcommands([](const CLI::App*) { return true; }).empty();
}

bool takes_words(const CLI::App& app) {
  return std::ranges::any_of(app.get_options(), &CLI::Option::get_positional);
}

/// What the words are to `app`.
struct CommandWords {
  const CLI::App* command;
  std::vector<std::string> unknown_flags, plain_words;  // plain words of `command`
};
CommandWords read_words(const CLI::App& app, std::span<const std::string> words) {
  CommandWords reading{&app, {}, {}};
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (!looks_like_flag(words[i])) {
      const CLI::App* const command = command_named(*reading.command, words[i]);
      if (command != nullptr && reading.plain_words.empty())
        reading.command = command;
      else
        reading.plain_words.push_back(words[i]);
      continue;
    }
    const std::string name = name_in(*reading.command, words[i]);
    const CLI::Option* const option = reading.command->get_option_no_throw(name);
    if (option == nullptr) {
      reading.unknown_flags.push_back(name);
    } else if (takes_next(*option, words[i], name)) {
      ++i;
    }
  }
  return reading;
}

}  // namespace

std::vector<std::string> unknown_flags(const CLI::App& app, std::span<const std::string> words) {
  return read_words(app, words).unknown_flags;
}

const CLI::App& command_in(const CLI::App& app, std::span<const std::string> words) {
  return *read_words(app, words).command;
}

std::string unknown_command(const CLI::App& app, std::span<const std::string> words) {
  const CommandWords reading = read_words(app, words);
  if (!has_commands(*reading.command) || takes_words(*reading.command) || reading.plain_words.empty())
    return {};
  return reading.plain_words.front();
}

std::string nearest_word(const CLI::App& app, const std::string& word) {
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(command->get_name());
  if (has_commands(app) && app.get_version_ptr() != nullptr) known.insert(known.end(), {"help", "version"});
  const std::vector<std::string_view> views(known.begin(), known.end());
  return std::string(nearest(word, views));
}

}  // namespace finishline::flags
