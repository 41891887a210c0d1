// finishline: flags and sub-commands. Sees every part, does nothing itself.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lb/cli/alert_command.h"
#include "lb/cli/completion_command.h"
#include "lb/cli/config_command.h"
#include "lb/cli/costs_command.h"
#include "lb/cli/explain_command.h"
#include "lb/cli/flags.h"
#include "lb/cli/forecast_command.h"
#include "lb/cli/init_command.h"
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
#include "lb/cli/temporary_file.h"
#include "lb/cli/token_command.h"
#include "lb/cli/top_command.h"
#include "lb/config/advice.h"
#include "lb/config/folder.h"
#include "lb/config/memory.h"
#include "lb/config/parts.h"
#include "lb/config/source.h"
#include "lb/history/tier.h"
#include "lb/log/standard_descriptors.h"
#include "lb/master/config_reader.h"
#include "lb/master/machine.h"
#include "lb/master/master.h"
#include "lb/master/tls_files.h"
#include "lb/process/limits.h"
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

/// A configuration that stands in no file of the user's, in one of ours for as long as the command runs.
class GivenConfig {
 public:
  /// `file` "-": what standard input says; files that it names go by the working directory.
  explicit GivenConfig(std::string& file) {
    if (file != "-") return;
    std::string text(std::istreambuf_iterator<char>(std::cin), {});
    file = keep("standard-input.toml",
                config::with_folder(std::move(text), std::filesystem::current_path().string()));
  }
  std::string keep(const std::string& name, const std::string& text) {
    kept_.emplace(name, text);
    return kept_->path();
  }

 private:
  std::optional<cli::TemporaryFile> kept_;
};

struct Checked {
  config::Source source;
  config::Config config;
};

/// The configuration with its names looked up, or nothing after every problem has been told on standard
/// error.
std::optional<Checked> read_or_complain(const std::string& file) {
  auto read = master::read_and_wait({.file = file, .text = {}, .names = {}});
  std::vector<std::string> problems;
  if (auto* source = std::get_if<config::Source>(&read)) {
    auto config = std::get<config::Config>(config::parse(*source));
    for (const config::Problem& problem : master::problems_of_tls(*source, config, std::time(nullptr)))
      problems.push_back(config::to_string(problem, file));
    if (problems.empty()) return Checked{std::move(*source), std::move(config)};
  } else {
    problems = std::move(std::get<std::vector<std::string>>(read));
  }
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
  std::fprintf(stderr, "finishline: %zu problem%s in %s\n", problems.size(), problems.size() == 1 ? "" : "s",
               file.c_str());
  return std::nullopt;
}

int run(const std::string& file, const std::string& log_level) {
  std::optional<config::LogLevel> wanted;
  for (const auto& [name, level] : kLogLevels) {
    if (log_level == name) wanted = level;
  }
  return master::run_master(file, wanted);
}

std::string count(std::size_t n, const char* noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

/// "including conf.d/a.toml", a line each.
void tell_files(const config::Source& source) {
  for (const config::TextPart& part : config::parts_of(source.text))
    if (!part.file.empty()) std::printf("including %s\n", std::string(part.file).c_str());
}

/// What it will take.
void tell_needs(const config::Config& config) {
  std::printf("memory at most: %s\n",
              config::to_string(config::memory_need(config, process::socket_memory()), config).c_str());
  if (!config.proxy.state_dir.empty()) {
    const std::uint64_t bytes = history::bytes_of(config.servers.size(), config.pools.size(),
                                                  config.cost.request_types().size(), config.worker_count());
    std::printf("history in %s: some %llu MiB once it is two years old\n", config.proxy.state_dir.c_str(),
                static_cast<unsigned long long>(bytes >> 20) + 1);
  }
  if (const std::size_t spare = config.proxy.max_servers - config.servers.size();
      spare < config.servers.size())
    std::printf(
        "room for servers: max_servers = %u lets one reload bring %s at most, beside those that run\n",
        config.proxy.max_servers, count(spare, "new one").c_str());
}

int check(const std::string& file) {
  const auto read = read_or_complain(file);
  if (!read) return kBadConfig;
  const config::Config& config = read->config;
  const master::MachineFindings machine = master::try_machine(config);
  for (const std::string& fault : machine.faults)
    std::fprintf(stderr, "%s: %s\n", file.c_str(), fault.c_str());
  if (!machine.faults.empty()) return kBadConfig;
  std::printf("%s is good: %s, %s, %s, %s\n", file.c_str(),
              count(config.listeners.size(), "listener").c_str(), count(config.pools.size(), "pool").c_str(),
              count(config.servers.size(), "server").c_str(), count(config.worker_count(), "worker").c_str());
  tell_files(read->source);
  tell_needs(config);
  for (const config::Server& server : config.servers) {
    if (!server.unresolved.empty())
      std::printf("server '%s' would be down: %s\n", server.name.c_str(), server.unresolved.c_str());
  }
  for (const config::Problem& advice : config::advice_on(read->source, config))
    std::printf("warning: %s\n", config::to_string(advice, file).c_str());
  for (const std::string& warning : machine.warnings) std::printf("warning: %s\n", warning.c_str());
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
    {"policy", "show which policy a pool follows, or have it follow another", cli::run_policy_command},
    {"policies", "list the policies: rule, cost, and when to use each", cli::run_policies_command},
    {"costs", "show what requests cost each server: declared, and learned", cli::run_costs_command},
    {"config", "print the configuration that a running proxy works by, or what was changed over its file",
     cli::run_config_command},
    {"peers", "show the other proxies that share the servers", cli::run_peers_command},
    {"record", "print the requests of a pool as they are served, as a trace", cli::run_record_command},
    {"alert", "try whether messages about alerts arrive", cli::run_alert_command},
    {"token", "make a token for the admin server", cli::run_token_command},
    {"forecast", "forecast a load from its history", cli::run_forecast_command},
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
  }
};

int run(const RunFlags& flags, GivenConfig& given) {
  if (flags.to.empty()) return run(flags.file, flags.log_level);
  const cli::QuickConfig quick = cli::quick_config(flags.listen, flags.to, flags.admin);
  if (!quick.problem.empty())
    return std::fprintf(stderr, "finishline: %s\n", quick.problem.c_str()), kBadConfig;
  return run(given.keep("finishline.toml", quick.text), flags.log_level);
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
  for (const Command& command : kCommands) app.add_subcommand(command.name, command.help);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli::tell(app, error);
  }
  GivenConfig given(flags.file);
  return test || *check_command ? check(flags.file) : run(flags, given);
}

/// What people type who come from other programs, as ours say it.
int run_as_spelled(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  std::string help = "--help", version = "--version";
  if (first == "help" && argc > 2) {
    char* const words[] = {argv[0], argv[2], help.data(), nullptr};
    return run_command(3, const_cast<char**>(words));
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
