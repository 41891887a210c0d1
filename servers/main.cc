// finishline-server: a typed reference server. Flags to options; server.cc does the rest.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "lb/flags/command_line.h"
#include "lb/flags/help.h"
#include "lb/log/log.h"
#include "lb/log/standard_descriptors.h"
#include "lb/model/cost_file.h"
#include "lb/tls/text_file.h"
#include "proto/nearest.h"
#include "proto/quantity.h"
#include "proto/version.h"
#include "servers/run.h"

namespace {

using namespace finishline;

constexpr int kBadUsage = 2;
constexpr std::uint64_t kLargestBody = std::numeric_limits<std::uint32_t>::max();

struct Flags {
  std::string tls_cert, tls_key, tls_client_ca;  // files; "": without TLS
  std::string type;
  std::string listen = "127.0.0.1:0";
  std::string admin;
  std::string cost_file;
  std::string protocol = "frame";
  std::string log_level = "info";
  std::optional<Nanos> unit;
};

struct ExecFlags {
  std::string command;
  bool shell = false;
  std::optional<Nanos> timeout;
  std::optional<Nanos> cpu;
  std::string memory;
  std::uint32_t keep_alive = 0;
};

/// An option whose text `take` reads and keeps; it returns what is wrong with it, or "".
template <class Take>
CLI::Option* add(CLI::App& app, const std::string& name, const char* placeholder, Take take,
                 const std::string& help) {
  const auto checked = [name, take](const std::string& text) {
    if (const std::string problem = take(text); !problem.empty()) throw CLI::ValidationError(name, problem);
  };
  return app.add_option_function<std::string>(name, checked, help)->type_name(placeholder);
}

/// An option that takes a duration as people write it.
template <class Target>
CLI::Option* add_duration(CLI::App& app, const std::string& name, Target& target, const std::string& help) {
  const auto take = [&target](const std::string& text) -> std::string {
    const auto span = parse_duration(text, Bare::zero);
    if (!span) return duration_problem(text);
    target = *span;
    return "";
  };
  return add(app, name, "DURATION", take, help);
}

/// An option that takes a size as people write it; a number alone is in bytes.
template <class Target>
CLI::Option* add_size(CLI::App& app, const std::string& name, Target& target, std::uint64_t most,
                      const std::string& help) {
  const auto take = [&target, most](const std::string& text) -> std::string {
    const auto bytes = parse_size(text, Bare::allowed);
    if (!bytes) return size_problem(text);
    if (static_cast<std::uint64_t>(*bytes) > most)
      return text + " is too large: at most " + std::to_string(most) + " bytes";
    target = static_cast<std::uint32_t>(*bytes);
    return "";
  };
  return add(app, name, "SIZE", take, help);
}

/// An option that takes a whole number of 0 or more.
template <class Target>
CLI::Option* add_count(CLI::App& app, const std::string& name, Target& target, const std::string& help) {
  const auto take = [&target](const std::string& text) -> std::string {
    const auto count = parse_count(text);
    if (!count) return "'" + text + "' is no whole number of 0 or more";
    target = *count;
    return "";
  };
  return add(app, name, "N", take, help);
}

/// What is wrong; "" when nothing is.
std::string resolve_tls(const Flags& flags, server::Options& options) {
  if (flags.tls_cert.empty()) {
    if (!flags.tls_key.empty()) return "--tls-key goes with --tls-cert";
    return flags.tls_client_ca.empty() ? "" : "--tls-client-ca goes with --tls-cert";
  }
  const auto chain = tls::read_text_file(flags.tls_cert);
  const auto key = tls::read_text_file(flags.tls_key.empty() ? flags.tls_cert : flags.tls_key);
  const auto ca = flags.tls_client_ca.empty() ? std::string() : tls::read_text_file(flags.tls_client_ca);
  if (!chain || !key || !ca) return "a file of --tls-cert, --tls-key or --tls-client-ca cannot be read";
  tls::ServerContext::Options wanted{.id = "server"};
  wanted.certificates.push_back({.chain = *chain, .key = *key, .ocsp = {}});
  wanted.client_auth = ca->empty() ? tls::ClientAuth::off : tls::ClientAuth::required;
  wanted.client_ca = *ca;
  auto made = tls::ServerContext::make(std::move(wanted));
  if (auto* why = std::get_if<std::string>(&made)) return "--tls-cert: " + *why;
  options.tls = std::move(std::get<std::unique_ptr<tls::ServerContext>>(made));
  return "";
}

void add_work_flags(CLI::App& app, Flags& flags, server::Options& options) {
  app.add_option("--type", flags.type, "server type: a row of the cost matrix (video, music)")->required();
  app.add_option("--listen", flags.listen,
                 "HOST:PORT; port 0 takes a free one, which is printed; or unix:/PATH")
      ->capture_default_str();
  app.add_option("--admin", flags.admin,
                 "HOST:PORT for HTTP: /, /health, /metrics, /api/data (default: none)");
  app.add_option("--tls-cert", flags.tls_cert, "speak TLS, and show this certificate (PEM)");
  app.add_option("--tls-key", flags.tls_key, "its private key (default: in the same file)");
  app.add_option("--tls-client-ca", flags.tls_client_ca,
                 "clients must show a certificate that leads to these");
  app.add_option("--protocol", flags.protocol, "frame or mini")
      ->check(CLI::IsMember({"frame", "mini"}))
      ->capture_default_str();
  add_duration(app, "--unit", flags.unit,
               "work in one unit of length (1ms, or that of the cost file); 0: answer at once");
  const auto take_speed = [&options](const std::string& text) -> std::string {
    const auto speed = parse_number(text);
    if (!speed || *speed < 1e-6 || *speed > 1e6) return "'" + text + "' is no number above 0, as 1.5 is";
    options.speed = *speed;
    return "";
  };
  add(app, "--speed", "FACTOR", take_speed, "2 works twice as fast (default: 1)");
  app.add_option("--slots", options.slots, "requests worked on at once")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  app.add_option("--cost", flags.cost_file,
                 "TOML with [work] and [cost.*], like the proxy's (default: the seed matrix)");
  app.add_flag("--burn", options.burn, "keep a core busy for the time of the work, instead of waiting");
  add_size(app, "--reply-bytes", options.reply_bytes, kLargestBody,
           "size of a reply's body: the request's body, cut or repeated (default: as it came)");
  add_size(app, "--max-body", options.max_body, kLargestBody, "a larger body is too_large (default: 16MiB)");
  const auto quiet = [&flags] { flags.log_level = "error"; };
  app.add_flag_callback("-q,--quiet", quiet, "of the log only errors, as --log-level error");
  app.add_option("--log-level", flags.log_level, "debug, info, warning or error")
      ->excludes("--quiet")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
}

void add_exec_flags(CLI::App& app, ExecFlags& exec) {
  const char* const group = "Work done by a command";
  app.add_option(
         "--exec", exec.command,
         "the body goes to its standard input, its standard output is the reply; {length}, {type} and "
         "{id} are replaced")
      ->group(group);
  app.add_flag("--exec-shell", exec.shell, "the command is given to /bin/sh")->group(group);
  add_duration(app, "--exec-timeout", exec.timeout, "a job that takes longer is killed (default: none)")
      ->group(group);
  app.add_option("--exec-memory", exec.memory, "address space of each of its processes (default: unlimited)")
      ->type_name("SIZE")
      ->group(group);
  add_duration(app, "--exec-cpu", exec.cpu,
               "CPU time of a process per job, whole seconds (default: unlimited)")
      ->group(group);
  app.add_option("--keep-alive", exec.keep_alive,
                 "keep N processes that do many jobs, each over length-prefixed standard input and output")
      ->check(CLI::Range(1, 1024))
      ->group(group);
}

void add_fault_flags(CLI::App& app, server::FaultOptions& faults) {
  const char* const group = "Faults, for tests";
  add_duration(app, "--delay", faults.delay, "a reply leaves this much after its work is done")->group(group);
  add_duration(app, "--jitter", faults.jitter, "work takes up to this much longer, at random")->group(group);
  add_count(app, "--stall-after", faults.stall_after, "after N replies: read and answer nothing any more")
      ->group(group);
  add_count(app, "--crash-after", faults.crash_after, "after N replies: die by SIGKILL")->group(group);
  add_count(app, "--drop-every", faults.drop_every, "do not send one reply of N")->group(group);
  add_count(app, "--corrupt-every", faults.corrupt_every, "invert a byte of one reply of N")->group(group);
  add_count(app, "--half-frame-every", faults.half_frame_every, "cut one reply of N, and close")
      ->group(group);
  add_count(app, "--refuse-every", faults.refuse_every, "answer one request of N with overloaded, unbegun")
      ->group(group);
  add_count(app, "--fail-every", faults.fail_every, "answer one request of N with server_error")
      ->group(group);
  app.add_flag("--slow-read", faults.slow_read, "read 64 bytes per connection every 50 ms")->group(group);
  add_count(app, "--seed", faults.seed, "chooses which of N, which byte, how much jitter (default: 1)")
      ->group(group);
}

/// The same as below.
std::string resolve_exec(const ExecFlags& flags, bool slots_given, server::Options& options) {
  const bool any = flags.shell || flags.timeout || flags.cpu || !flags.memory.empty() || flags.keep_alive > 0;
  if (flags.command.empty()) return any ? "--exec-... and --keep-alive need --exec" : "";
  if (options.burn || options.reply_bytes || options.faults.delay > 0ns || options.faults.jitter > 0ns)
    return "--burn, --reply-bytes, --delay and --jitter are not for --exec: its command decides";
  auto parsed = server::CommandLine::parse(flags.command, flags.shell);
  if (const auto* reason = std::get_if<std::string>(&parsed)) return "--exec: " + *reason;
  server::ExecOptions exec{.command = std::move(std::get<server::CommandLine>(parsed)),
                           .timeout = flags.timeout,
                           .limits = {.cpu = flags.cpu},
                           .keep_alive = flags.keep_alive};
  if (flags.timeout && *flags.timeout <= 0ns) return "--exec-timeout must be above zero";
  if (flags.cpu && *flags.cpu <= 0ns) return "--exec-cpu must be above zero";
  if (!flags.memory.empty()) {
    const auto bytes = parse_size(flags.memory, Bare::allowed);
    if (!bytes || *bytes == 0) return "--exec-memory: " + size_problem(flags.memory);
    exec.limits.memory_bytes = static_cast<std::uint64_t>(*bytes);
  }
  if (flags.keep_alive > 0) {
    if (exec.command.has_placeholders())
      return "--keep-alive: the command starts before there is a job to fill {length}, {type} or {id}";
    if (slots_given && options.slots != flags.keep_alive)
      return "--keep-alive says how many slots there are; leave --slots out";
    options.slots = flags.keep_alive;
  }
  options.exec = std::move(exec);
  return "";
}

/// The reason why the flags make no sense together, or "".
std::string resolve(const Flags& flags, server::Options& options) {
  if (flags.cost_file.empty()) {
    options.cost = CostModel::seed(1ms);
  } else {
    auto read = model::read_cost_file(flags.cost_file);
    if (const auto* reason = std::get_if<std::string>(&read)) return *reason;
    options.cost = std::move(std::get<model::CostFile>(read).cost);
  }
  if (flags.unit) options.cost.set_unit(*flags.unit);
  const auto type = options.cost.server_type_named(flags.type);
  if (!type)
    return no_such("server type", flags.type, options.cost.server_types(), std::identity()) +
           ": --cost says what its work costs";
  options.type = *type;
  const auto address = net::parse_address(flags.listen);
  if (const auto* reason = std::get_if<std::string>(&address)) return *reason;
  options.listen = std::get<net::Address>(address);
  if (!flags.admin.empty()) {
    const auto admin = net::parse_address(flags.admin);
    if (const auto* reason = std::get_if<std::string>(&admin)) return *reason;
    options.admin = std::get<net::Address>(admin);
  }
  options.protocol = flags.protocol == "mini" ? server::Protocol::mini : server::Protocol::frame;
  if (options.burn && options.slots > 1) return "--burn has one core and so one slot";
  return "";
}

void start_log(const Flags& flags) {
  constexpr std::pair<std::string_view, log::Level> kLevels[] = {{"debug", log::Level::debug},
                                                                 {"info", log::Level::info},
                                                                 {"warning", log::Level::warning},
                                                                 {"error", log::Level::error}};
  log::Options options;
  options.process = "server " + flags.type;
  for (const auto& [name, level] : kLevels) {
    if (name == flags.log_level) options.level = level;
  }
  log::start(options);
}

void add_headings(CLI::App& app) {
  flags::add_heading(app, "Where",
                     {"--listen", "--admin", "--protocol", "--tls-cert", "--tls-key", "--tls-client-ca"});
  flags::add_heading(
      app, "Work",
      {"--type", "--unit", "--speed", "--slots", "--cost", "--burn", "--reply-bytes", "--max-body"});
  flags::add_examples(
      app, {"finishline-server --type video --listen 127.0.0.1:9001",
            "finishline-server --type music --listen 127.0.0.1:9002 --speed 2 --admin 127.0.0.1:9102",
            "finishline-server --type video --slots 2 --exec 'cat' --listen 127.0.0.1:9001",
            "finishline-server --type video --fail-every 10 --listen 127.0.0.1:9001"});
}

}  // namespace

int main(int argc, char** argv) {
  if (!log::open_standard_descriptors()) return kBadUsage;
  CLI::App app{"finishline-server: does typed work, first come, first served", "finishline-server"};
  app.set_version_flag("--version", std::string("finishline-server ") + version());
  Flags flags;
  ExecFlags exec;
  server::Options options;
  add_work_flags(app, flags, options);
  add_exec_flags(app, exec);
  add_fault_flags(app, options.faults);
  add_headings(app);
  if (const auto code = flags::parse(app, argc, argv)) return *code;
  std::string problem = resolve(flags, options);
  if (problem.empty()) problem = resolve_tls(flags, options);
  if (problem.empty()) problem = resolve_exec(exec, app.count("--slots") > 0, options);
  if (!problem.empty()) {
    std::fprintf(stderr, "finishline-server: %s\n", problem.c_str());
    return kBadUsage;
  }
  start_log(flags);
  return server::run(options);
}
