#include "lb/flags/help.h"

#include <CLI/CLI.hpp>

namespace finishline::flags {

void add_heading(CLI::App& app, const std::string& heading, std::initializer_list<const char*> options) {
  for (const char* const option : options) app.get_option(option)->group(heading);
}

void add_examples(CLI::App& app, std::initializer_list<const char*> lines) {
  std::string text = "Examples:";
  for (const char* const line : lines) text += std::string("\n  ") + line;
  app.footer(text);
}

}  // namespace finishline::flags
