#include "lb/cli/policies_command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "lb/cli/json_output.h"
#include "lb/flags/command_line.h"
#include "lb/flags/help.h"
#include "lb/sched/policies.h"

namespace finishline::cli {
namespace {

std::vector<const sched::PolicyRow*> all_policies() {
  std::vector<const sched::PolicyRow*> rows;
  for (const sched::PolicyRow& row : sched::policies()) rows.push_back(&row);
  rows.push_back(&sched::adaptive());
  return rows;
}

std::size_t terminal_width() {
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return std::max<std::size_t>(known ? size.ws_col : 80, 40);
}

/// The words in lines of at most `width` characters, each begun with four spaces.
void print_wrapped(std::string_view words, std::size_t width) {
  constexpr std::string_view kIndent = "    ";
  std::string line(kIndent);
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(word.size() + 1, words.size()));
    if (line.size() > kIndent.size() && line.size() + 1 + word.size() > width) {
      std::puts(line.c_str());
      line = kIndent;
    }
    line.append(line.size() > kIndent.size() ? " " : "").append(word);
  }
  std::puts(line.c_str());
}

void print_paragraphs() {
  const std::size_t width = terminal_width();
  for (const sched::PolicyRow* row : all_policies()) {
    const char* const modes = row->frames && row->streams ? "frames and streams"
                              : row->frames               ? "frames"
                                                          : "streams";
    std::printf("%s (%s; %s)\n", std::string(row->name).c_str(), modes, std::string(row->cost).c_str());
    print_wrapped(row->rule, width);
    print_wrapped("Use: " + std::string(row->use), width);
  }
}

void print_markdown() {
  std::puts(
      "| policy | rule | frames | streams | per decision | when to use it |\n"
      "| --- | --- | --- | --- | --- | --- |");
  for (const sched::PolicyRow* row : all_policies())
    std::printf("| `%s` | %s | %s | %s | %s | %s |\n", std::string(row->name).c_str(),
                std::string(row->rule).c_str(), row->frames ? "yes" : "no", row->streams ? "yes" : "no",
                std::string(row->cost).c_str(), std::string(row->use).c_str());
}

nlohmann::ordered_json policies_json() {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const sched::PolicyRow* row : all_policies())
    rows.push_back({{"policy", row->name},
                    {"rule", row->rule},
                    {"frames", row->frames},
                    {"streams", row->streams},
                    {"per_decision", row->cost},
                    {"use", row->use}});
  return rows;
}

}  // namespace

int run_policies_command(int argc, char** argv) {
  CLI::App flags{"Lists the policies: by which rule each chooses, for what, and when to use it",
                 "finishline policies"};
  bool json = false;
  add_json_flag(flags, json);
  flags::add_examples(flags, {"finishline policies", "finishline policies --json"});
  if (const auto code = flags::parse(flags, argc, argv)) return *code;
  if (json) return print_json(policies_json());
  if (::isatty(STDOUT_FILENO) != 0) {
    print_paragraphs();
  } else {
    print_markdown();
  }
  return 0;
}

}  // namespace finishline::cli
