#include "lb/master/files.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "lb/config/parts.h"
#include "lb/control/access.h"
#include "lb/master/problem_at.h"
#include "lb/process/pid_file.h"
#include "lb/process/secret.h"

namespace finishline::master {
namespace {

struct SecretFile {
  const char* section;
  const char* key;
  const std::string& file;
  const char* what;
};

constexpr std::string_view kPassword = "a password";
constexpr const char* kTokenLines =
    "write a token a line, 16 letters or more without a space, or a line of `finishline token new`";

/// "" of other files.
std::string mistake_in_token_file(std::string_view key, const std::string& file,
                                  const process::Secret& tokens) {
  if (key != "admin_token_file") return "";
  const std::string mistake = control::mistake_in_tokens(tokens.text, tokens.line);
  return mistake.empty() ? "" : file + ", " + mistake;
}

/// Of whatever is one word for another program; "" when it is.
std::string mistake_in_password_file(std::string_view what, const std::string& file,
                                     const process::Secret& secret) {
  if (what != kPassword) return "";
  if (secret.text.find('\0') != std::string::npos) return file + " holds a zero byte";
  if (secret.text.find_first_of("\r\n") != std::string::npos) return file + " holds more than one line";
  return "";
}

}  // namespace

std::vector<config::Problem> problems_of_files(const config::Source& source, const config::Config& config) {
  std::vector<config::Problem> problems;
  for (const auto& [section, key, file, what] :
       {SecretFile{"proxy", "admin_token_file", config.proxy.admin_token_file, "a token"},
        {"alerts", "webhook_secret_file", config.alerts.webhook_secret_file, "a secret"},
        {"alerts", "mail_password_file", config.alerts.mail_password_file, kPassword.data()},
        {"peers", "password_file", config.peers.password_file, kPassword.data()}}) {
    if (file.empty()) continue;
    const auto secret = process::read_secret(file);
    if (const auto* why = std::get_if<std::string>(&secret))
      problems.push_back(problem_at(
          source, section, std::nullopt, key, *why,
          process::says_what_to_do(*why)
              ? std::string()
              : std::string("write ") + what + " into it, for its owner alone to read (chmod 600)"));
    else if (auto mistake = mistake_in_token_file(key, file, std::get<process::Secret>(secret));
             !mistake.empty())
      problems.push_back(problem_at(source, section, std::nullopt, key, std::move(mistake), kTokenLines));
    else if (auto fault = mistake_in_password_file(what, file, std::get<process::Secret>(secret));
             !fault.empty())
      problems.push_back(problem_at(source, section, std::nullopt, key, std::move(fault),
                                    "write the password into it, and nothing else"));
  }
  if (auto why = process::PidFile::fault_of(config.proxy.pid_file))
    problems.push_back(problem_at(source, "proxy", std::nullopt, "pid_file", std::move(*why),
                                  "name a file in a folder that the proxy may write to"));
  config::sort_by_place(problems, source.text);
  return problems;
}

}  // namespace finishline::master
