#include "lb/cli/token_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "lb/cli/admin_client.h"
#include "lb/cli/json_output.h"
#include "lb/control/access.h"
#include "lb/control/whole_file.h"
#include "lb/flags/command_line.h"
#include "lb/flags/help.h"
#include "lb/model/input_file.h"
#include "lb/process/secret.h"

namespace finishline::cli {
namespace {

bool is_word(const std::string& name) {
  return !name.empty() && name.find_first_of(" \t\n#") == std::string::npos;
}

/// Whether a line of the file is of this name: a token whose owner would not be told from another's.
bool has_name(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name + ' ')) return true;
  return false;
}

/// The file without lines of this name, whole or as it was. Complains when it cannot be.
bool take_out(const std::string& file, const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  std::string rest;
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with(name + ' ')) rest += line + '\n';
  const bool written = control::write_whole(file, rest);
  if (!written) std::fprintf(stderr, "finishline: %s: %s\n", file.c_str(), std::strerror(errno));
  process::wipe(rest);
  return written;
}

/// Nobody has this name yet, or not any more. Complains when that is not so.
bool make_room_for(const std::string& name, const std::string& file, bool replace) {
  if (file.empty() || ::access(file.c_str(), F_OK) != 0) return true;
  model::InputText read = model::read_input(file, "a token file");
  if (!read.problem.empty()) return std::fprintf(stderr, "finishline: %s\n", read.problem.c_str()), false;
  bool good = true;
  if (has_name(read.text, name)) {
    good = replace && take_out(file, read.text, name);
    if (!replace)
      std::fprintf(
          stderr,
          "finishline: %s has a token of the name %s: give another --name, or --replace to have this "
          "one in its place\n",
          file.c_str(), name.c_str());
  }
  process::wipe(read.text);
  return good;
}

/// To a file that nobody else can read. Complains when that fails.
bool append(const std::string& file, const std::string& line) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  const std::string text = line + "\n";
  const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written) std::fprintf(stderr, "finishline: %s: %s\n", file.c_str(), std::strerror(errno));
  if (fd >= 0) ::close(fd);
  return written;
}

}  // namespace

int run_token_command(int argc, char** argv) {
  CLI::App flags("Makes a token for the admin server", "finishline token");
  flags.require_subcommand(1);
  std::string role = "operator", name = "operator", file;
  bool json = false;
  CLI::App* const made =
      flags.add_subcommand("new", "prints the token, which is told this once, and its line");
  made->add_option("--role", role, "what it may: viewer, operator or admin")
      ->check(CLI::IsMember({"viewer", "operator", "admin"}))
      ->capture_default_str();
  made->add_option("--name", name, "whose it is, as the audit tells")->capture_default_str();
  made->add_option("--file", file,
                   "append the line to this file, that of proxy.admin_token_file; a reload takes it");
  bool replace = false;
  made->add_flag("--replace", replace, "with --file: in the place of the line that has this name");
  add_json_flag(*made, json);
  flags::add_examples(*made, {"finishline token new --role viewer --name grafana"});
  flags::add_examples(flags, {"finishline token new --role viewer --name grafana",
                              "finishline token new --file admin-token"});
  if (const auto code = flags::parse(flags, argc, argv)) return *code;
  if (!is_word(name)) {
    std::fprintf(stderr, "finishline: --name is one word\n");
    return kBadUse;
  }
  if (!make_room_for(name, file, replace)) return kNotRunning;
  const control::NewToken token = control::new_token(name, *control::role_named(role));
  if (!file.empty() && !append(file, token.line)) return kNotRunning;
  if (json)
    return print_json({{"name", name},
                       {"role", role},
                       {"token", token.token},
                       {"line", token.line},
                       {"file", file.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(file)}});
  std::printf("token: %s\n", token.token.c_str());
  std::printf(
      file.empty() ? "line for proxy.admin_token_file: %s\n" : "its line stands in %s: reload the proxy\n",
      file.empty() ? token.line.c_str() : file.c_str());
  return 0;
}

}  // namespace finishline::cli
