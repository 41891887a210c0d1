#include "lb/cli/reload_command.h"

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "lb/cli/admin_client.h"
#include "lb/cli/change_outcome.h"
#include "lb/cli/json_output.h"
#include "lb/cli/reload_preview.h"

namespace finishline::cli {
namespace {

constexpr Nanos kReloadPatience = 30s;  // for the outcome

/// The master reads the file that it was started with, whichever one is named here.
void warn_of_other_file(const std::string& named, const std::string& read) {
  std::error_code failed;
  if (named.empty() || read.empty() || std::filesystem::equivalent(named, read, failed)) return;
  std::fprintf(stderr, "finishline: warning: the proxy reads %s, which it was started with, not %s\n",
               read.c_str(), named.c_str());
}

int tell_preview(const ReloadPreview& preview, const std::string& file, bool json) {
  for (const std::string& problem : preview.problems) std::fprintf(stderr, "%s\n", problem.c_str());
  const int code = preview.problems.empty() ? 0 : kNotRunning;
  if (code != 0) std::fprintf(stderr, "finishline: a reload of %s would be refused\n", file.c_str());
  if (json) {
    nlohmann::ordered_json told = json_of(preview);
    told["file"] = file;
    return print_json(told) == 0 ? code : kNotRunning;
  }
  if (code == 0) std::fputs(text_of(preview).c_str(), stdout);
  return code;
}

/// What stands in the file, by now the proxy's, and does not hold.
void tell_overruled(const AdminCommand& command) {
  const auto body = command.try_get("/api/v1/changes");
  const auto told = nlohmann::ordered_json::parse(body.value_or(""), nullptr, false);
  if (!told.is_object() || !told.contains("overruled")) return;
  for (const auto& it : told["overruled"])
    std::fputs(line_of_overruled(it.value("part", ""), it.value("key", ""),
                                 it.value("file", nlohmann::ordered_json()),
                                 it.value("is", nlohmann::ordered_json()))
                   .c_str(),
               stdout);
}

/// Nothing is asked of the master.
int rehearse(const AdminCommand& command, bool json) {
  const auto page = command.get("/reload"), running = page ? command.get("/api/v1/config") : std::nullopt,
             changed = running ? command.get("/api/v1/changes") : std::nullopt;
  const auto state = changed ? change_state_in(*page) : std::nullopt;
  if (!state) return command.failure();
  const auto told = nlohmann::json::parse(*changed, nullptr, false);
  if (!told.is_object() || state->file.empty()) return command.complain_of_stranger(), kNotRunning;
  warn_of_other_file(command.config_file(), state->file);
  return tell_preview(preview_of(state->file, *running, told.value("toml", "")), state->file, json);
}

}  // namespace

int run_reload_command(int argc, char** argv) {
  AdminCommand command("The running proxy reads its configuration file again; a bad one changes nothing",
                       "finishline reload");
  bool json = false, dry_run = false;
  command.add_json_flag(json);
  command.add_flag("--dry-run", dry_run, "only tell what would change; to be asked on the proxy's machine");
  command.add_examples({"finishline reload -c finishline.toml",
                        "finishline reload -c finishline.toml --dry-run",
                        "finishline reload --admin 127.0.0.1:9900 --token-file token"});
  if (const auto code = command.parse(argc, argv)) return *code;
  if (!command.send_token()) return kBadUse;
  if (dry_run) return rehearse(command, json);
  const auto body = command.put("/reload", "", "text/plain", 202);
  const auto asked = body ? change_state_in(*body) : std::nullopt;
  if (!asked) return command.failure();
  warn_of_other_file(command.config_file(), asked->file);
  const int code = tell_outcome(command, *asked, &ChangeState::reload, "reload", kReloadPatience, json);
  if (code == 0 && !json) tell_overruled(command);
  return code;
}

}  // namespace finishline::cli
