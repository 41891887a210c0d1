#include "lb/flags/flag_words.h"

#include <CLI/CLI.hpp>
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

}  // namespace

std::vector<std::string> unknown_flags(const CLI::App& app, std::span<const std::string> words) {
  std::vector<std::string> unknown;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (!looks_like_flag(words[i])) continue;
    const std::string name = name_in(app, words[i]);
    const CLI::Option* const option = app.get_option_no_throw(name);
    if (option == nullptr) {
      unknown.push_back(name);
    } else if (takes_next(*option, words[i], name)) {
      ++i;
    }
  }
  return unknown;
}

std::string nearest_word(const CLI::App& app, const std::string& word) {
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(command->get_name());
  const std::vector<std::string_view> views(known.begin(), known.end());
  return std::string(nearest(word, views));
}

}  // namespace finishline::flags
