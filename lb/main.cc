// finishline: flags and sub-commands. Sees every part, does nothing itself.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lb/cli/alert_command.h"
#include "lb/cli/calibrate_command.h"
#include "lb/cli/completion_command.h"
#include "lb/cli/config_command.h"
#include "lb/cli/costs_command.h"
#include "lb/cli/explain_command.h"
#include "lb/cli/flags.h"
#include "lb/cli/forecast_command.h"
#include "lb/cli/given_config.h"
#include "lb/cli/history_command.h"
#include "lb/cli/init_command.h"
#include "lb/cli/json_output.h"
#include "lb/cli/peers_command.h"
#include "lb/cli/policies_command.h"
#include "lb/cli/policy_command.h"
#include "lb/cli/quick_config.h"
#include "lb/cli/record_command.h"
#include "lb/cli/reload_command.h"
#include "lb/cli/scale_command.h"
#include "lb/cli/server_command.h"
#include "lb/cli/sim_command.h"
#include "lb/cli/status_command.h"
#include "lb/cli/token_command.h"
#include "lb/cli/top_command.h"
#include "lb/cli/upgrade_command.h"
#include "lb/flags/command_line.h"
#include "lb/flags/help.h"
#include "lb/log/standard_descriptors.h"
#include "lb/master/config_check.h"
#include "lb/master/master.h"
#include "proto/version.h"

namespace {

using namespace finishline;

constexpr int kBadConfig = 2;
constexpr std::pair<std::string_view, config::LogLevel> kLogLevels[] = {
    {"debug", config::LogLevel::debug},
    {"info", config::LogLevel::info},
    {"warning", config::LogLevel::warning},
    {"error", config::LogLevel::error},
};
constexpr const char* kDefaultFile = "/etc/finishline/finishline.toml";

int run(const cli::GivenConfig& given, const std::string& log_level) {
  std::optional<config::LogLevel> wanted;
  for (const auto& [name, level] : kLogLevels) {
    if (log_level == name) wanted = level;
  }
  return master::run_master(given.as_file(), wanted);
}

int check(const cli::GivenConfig& given, bool json) {
  const master::ConfigCheck check = master::check_config(given.path());
  std::fputs(given.in_words(master::complaints_of(check)).c_str(), stderr);
  if (json) cli::print_json(nlohmann::ordered_json::parse(given.in_words(master::json_of(check).dump())));
  if (!check.good()) return kBadConfig;
  if (!json) std::fputs(given.in_words(master::text_of(check)).c_str(), stdout);
  return 0;
}

/// Sub-commands that read their flags by themselves.
struct Command {
  const char* name;
  const char* help;
  int (*run)(int argc, char** argv);
};
constexpr Command kCommands[] = {
    {"init", "write a configuration file to begin with", cli::run_init_command},
    {"status", "show what a running proxy does", cli::run_status_command},
    {"top", "show it live, with servers to be sorted, filtered and drained", cli::run_top_command},
    {"drain", "give a server no new requests; its open ones are finished", cli::run_server_command},
    {"undrain", "give a drained server work again", cli::run_server_command},
    {"reload", "a running proxy reads its configuration file again", cli::run_reload_command},
    {"upgrade", "a running proxy goes on as the program that its file is by now", cli::run_upgrade_command},
    {"policy", "show which policy a pool follows, or have it follow another", cli::run_policy_command},
    {"policies", "list the policies: rule, cost, and when to use each", cli::run_policies_command},
    {"costs", "show what requests cost each server: declared, and learned", cli::run_costs_command},
    {"config", "print the configuration that a running proxy works by, or what was changed over its file",
     cli::run_config_command},
    {"peers", "show the other proxies that share the servers", cli::run_peers_command},
    {"record", "print the requests of a pool as they are served, as a trace", cli::run_record_command},
    {"calibrate", "show what requests cost by a trace, and how wrong the declared costs are",
     cli::run_calibrate_command},
    {"alert", "try whether messages about alerts arrive", cli::run_alert_command},
    {"token", "make a token for the admin server", cli::run_token_command},
    {"forecast", "forecast a load from its history", cli::run_forecast_command},
    {"history", "bring what was measured before into a proxy's history", cli::run_history_command},
    {"explain", "tell why requests go where they go", cli::run_explain_command},
    {"scale", "show which servers are started and ended, and why", cli::run_scale_command},
    {"sim", "simulate policies on generated or recorded traffic", cli::run_sim_command},
    {"completion", "print what a shell needs to complete these commands", cli::run_completion_command},
};

/// What `run` may be told.
struct RunFlags {
  std::string file = kDefaultFile;
  std::string log_level;
  std::string listen = "127.0.0.1:9000", admin{cli::kQuickAdmin};  // without a file
  std::vector<std::string> to;

  void add_to(CLI::App& command) {
    command.add_option("-c,--config", file, "configuration file; - is standard input")->capture_default_str();
    command.add_option("--log-level", log_level, "debug, info, warning or error; the file's by default")
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
    const auto quiet = [this] { log_level = "error"; };
    command.add_flag_callback("-q,--quiet", quiet, "of the log only errors, as --log-level error")
        ->excludes("--log-level");
  }
  void add_word_to(CLI::App& command) { command.add_option("FILE", file, "the same")->excludes("--config"); }
  void add_quick_to(CLI::App& command) {
    constexpr const char* kTo = "without a file: servers, TYPE=HOST:PORT,... or, of streams, HOST:PORT,...";
    CLI::Option* const servers = command.add_option("--to", to, kTo)->delimiter(',')->allow_extra_args(false);
    const auto add = [&](const char* name, std::string& value, const char* help) {
      command.add_option(name, value, help)->capture_default_str()->needs(servers);
    };
    add("--listen", listen, "with --to: where clients connect");
    add("--admin", admin, "with --to: where dashboard, API and metrics are");
    flags::add_heading(command, "Without a file", {"--to", "--listen", "--admin"});
  }
};

int run(const RunFlags& flags, cli::GivenConfig& given) {
  if (flags.to.empty()) return run(given, flags.log_level);
  const cli::QuickConfig quick = cli::quick_config(flags.listen, flags.to, flags.admin);
  if (!quick.problem.empty())
    return std::fprintf(stderr, "finishline: %s\n", quick.problem.c_str()), kBadConfig;
  given.take_flags(quick.text);
  return run(given, flags.log_level);
}

void add_help(CLI::App& app, CLI::App& run_command, CLI::App& check_command) {
  flags::add_examples(
      app, {"finishline init", "finishline check -c finishline.toml", "finishline run -c finishline.toml",
            "finishline status -c finishline.toml", "finishline help drain"});
  flags::add_examples(run_command, {"finishline run -c finishline.toml",
                                    "finishline run --to video=127.0.0.1:9001,music=127.0.0.1:9002",
                                    "finishline run --listen 127.0.0.1:6380 --to 127.0.0.1:6379"});
  flags::add_examples(check_command,
                      {"finishline check -c finishline.toml", "finishline check finishline.toml --json",
                       "finishline init - | finishline check -c -"});
}

int run_command(int argc, char** argv) {
  for (const Command& command : kCommands)
    if (argc > 1 && std::string_view(argv[1]) == command.name) return command.run(argc - 1, argv + 1);

  CLI::App app{"Finishline: a TCP load balancer that makes all work finish earliest", "finishline"};
  app.set_version_flag("-v,-V,--version", std::string("finishline ") + version());
  RunFlags flags;
  flags.add_to(app);
  bool test = false;
  app.add_flag("-t,--test", test, "check the configuration file and exit, as the command check does");
  auto* run_command = app.add_subcommand("run", "run the proxy (as without a sub-command)");
  flags.add_to(*run_command);
  flags.add_quick_to(*run_command);
  flags.add_word_to(*run_command);
  auto* check_command =
      app.add_subcommand("check", "check a configuration file; exit 0, or 2 with every problem");
  check_command->add_option("-c,--config", flags.file, "configuration file; - is standard input")
      ->capture_default_str();
  flags.add_word_to(*check_command);
  bool json = false;
  cli::add_json_flag(*check_command, json);
  add_help(app, *run_command, *check_command);
  for (const Command& command : kCommands) app.add_subcommand(command.name, command.help);
  if (const auto code = flags::parse(app, argc, argv, cli::instead_of)) return *code;
  cli::GivenConfig given(flags.to.empty() ? flags.file : "");
  if (!given.problem().empty())
    return std::fprintf(stderr, "finishline: %s\n", given.problem().c_str()), kBadConfig;
  return test || *check_command ? check(given, json) : run(flags, given);
}

/// What people type who come from other programs, as ours say it.
int run_as_spelled(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  std::string help = "--help", version = "--version";
  if (first == "help" && argc > 2) {
    std::vector<char*> words(argv, argv + argc);
    words.erase(words.begin() + 1);
    words.push_back(help.data());
    return run_command(argc, words.data());
  }
  if (first == "help") argv[1] = help.data();
  if (first == "version") argv[1] = version.data();
  return run_command(argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
  if (!log::open_standard_descriptors()) return kBadConfig;
  const int code = run_as_spelled(argc, argv);
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  std::fprintf(stderr, "finishline: standard output: %s\n", std::strerror(errno));
  return code == 0 ? 1 : code;
}
