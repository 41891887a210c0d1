#include "lb/cli/flags.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string_view>
#include <utility>

#include "proto/quantity.h"

namespace finishline::cli {
namespace {

/// Commands of other programs, and what does the same here.
constexpr std::pair<std::string_view, std::string_view> kElsewhere[] = {
    {"start", "run"},
    {"serve", "run"},
    {"test", "check"},
    {"configtest", "check"},
    {"validate", "check"},
    {"stats", "status"},
    {"show", "status"},
    {"list", "status"},
    {"disable", "drain"},
    {"enable", "undrain"},
    {"simulate", "sim"},
    {"stop", "SIGTERM"},
    {"compare", "finishline-client compare"},
    {"quit", "SIGTERM"},
    {"reopen", "SIGUSR1"},
};

/// In quotes, cut to what fits a line.
std::string beginning_of(const std::string& text) {
  return "'" + text.substr(0, 20) + (text.size() > 20 ? "...'" : "'");
}

}  // namespace

std::string instead_of(const std::string& word) {
  for (const auto& [other, ours] : kElsewhere) {
    if (word != other) continue;
    return ours.starts_with("SIG")
               ? ": send " + std::string(ours) + " to the process that proxy.pid_file names"
               : ", did you mean " + std::string(ours) + "?";
  }
  return {};
}

CLI::Validator finite_number() {
  const auto refusal = [](std::string& text) -> std::string {
    if (parse_number(text)) return {};
    return beginning_of(text) + " is no number that can be reckoned with";
  };
  return CLI::Validator(refusal, "", "finite");
}

CLI::Validator whole_number(std::uint64_t most) {
  const auto refusal = [most](std::string& text) -> std::string {
    const auto number = parse_count(text);
    if (number && *number <= most) return {};
    return beginning_of(text) + " is no whole number from 0 to " + human_count(most);
  };
  return CLI::Validator(refusal, "", "whole");
}

CLI::Validator svg_file() {
  const auto refusal = [](std::string& text) -> std::string {
    const std::filesystem::path name(text);
    const std::string ending = name.extension().string();
    if (ending.empty() || ending == ".svg" || ending == ".SVG") return {};
    return "'" + text + "' would be a picture in SVG: name it " + name.stem().string() + ".svg";
  };
  return CLI::Validator(refusal, "", "svg");
}

}  // namespace finishline::cli
