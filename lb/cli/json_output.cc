#include "lb/cli/json_output.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "lb/cli/admin_client.h"

namespace finishline::cli {

void add_json_flag(CLI::App& flags, bool& target) { flags.add_flag("--json", target, "print JSON"); }

int print_json(const nlohmann::ordered_json& value) {
  using Replace = nlohmann::ordered_json::error_handler_t;
  const std::string text = value.dump(2, ' ', false, Replace::replace) + "\n";
  return std::fputs(text.c_str(), stdout) < 0 ? kNotRunning : 0;
}

int print_reply(const AdminCommand& command, const std::string& body) {
  const auto value = nlohmann::ordered_json::parse(body, nullptr, false);
  if (!value.is_discarded()) return print_json(value);
  command.complain_of_stranger();
  return kNotRunning;
}

}  // namespace finishline::cli
