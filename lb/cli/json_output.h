// What commands print with --json: one value, indented, with a line end. The only way in which they do.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace finishline::cli {

class AdminCommand;

/// --json of a command; `target` is set when it was given, and outlives `flags`.
void add_json_flag(CLI::App& flags, bool& target);

/// Prints it, with what is no UTF-8 replaced. The exit code: 0, or kNotRunning when standard output takes no
/// more.
int print_json(const nlohmann::ordered_json& value);

/// The same of a reply of the admin server, or kNotRunning after a complaint that it is no JSON.
int print_reply(const AdminCommand& command, const std::string& body);

}  // namespace finishline::cli
