#include "lb/cli/calibrate_command.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "lb/cli/admin_client.h"
#include "lb/cli/calibration_report.h"
#include "lb/cli/json_output.h"
#include "lb/config/config.h"
#include "lb/flags/command_line.h"
#include "lb/flags/help.h"
#include "lb/model/input_file.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

using TraceRows = std::vector<model::TraceRow>;

constexpr double kSure = 0.99;

struct CalibrateOptions {
  std::string trace, config = "/etc/finishline/finishline.toml";
  bool json = false;
};

int refuse_trace(int code, const std::string& problem) {
  std::fprintf(stderr, "finishline calibrate: %s\n", problem.c_str());
  return code;
}

/// A stream has no type and no length, so it tells nothing of costs.
bool tells_of_a_stream(const nlohmann::json& line) { return line.is_object() && line.contains("ended"); }

/// Nothing where the line is not of that form.
std::optional<model::TraceRow> access_row(const nlohmann::json& json) {
  if (!json.is_object()) return std::nullopt;
  try {
    model::TraceRow row;
    row.type = json.at("type").get<std::string>();
    const double length = json.at("length").get<double>(), service = json.at("service_ms").get<double>();
    if (!(length >= 0 && length <= std::numeric_limits<std::uint32_t>::max())) return std::nullopt;
    row.length = static_cast<std::uint32_t>(length);
    row.server = json.at("server").get<std::string>();
    const bool served = json.at("status").get<std::string>() == "ok";
    if (served && service > 0 && service < 1e12) row.service = Nanos(std::llround(service * 1e6));
    return row;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::string read_all(const std::string& file, std::string& problem) {
  model::InputText read = model::read_input(file, "a trace", /*dash_is_input=*/true);
  problem = std::move(read.problem);
  if (problem.empty() && read.text.empty()) problem = "'" + file + "' is empty";
  if (!problem.empty() && file != "-") problem += "; 'finishline record POOL >" + file + "' writes one";
  return std::move(read.text);
}

/// The configuration, or nothing after its problems have been told.
std::optional<config::Config> config_in(const std::string& file) {
  auto loaded = config::load(file);
  if (auto* config = std::get_if<config::Config>(&loaded)) return std::move(*config);
  for (const config::Problem& problem : std::get<std::vector<config::Problem>>(loaded))
    std::fprintf(stderr, "%s\n", config::to_string(problem, file).c_str());
  return std::nullopt;
}

std::vector<ServerSpec> servers_in(const config::Config& config) {
  std::vector<ServerSpec> servers;
  for (const config::Server& server : config.servers)
    if (!server.type.empty())
      servers.push_back({static_cast<std::uint32_t>(servers.size()), server.name, server.type_index,
                         server.speed, server.slots});
  return servers;
}

/// What is missing in a trace that tells of no cost.
std::string nothing_in(const Calibration& calibration, const CalibrateOptions& options) {
  std::string words = options.trace + " has no reply of a server in " + options.config +
                      " that says how long it worked: see service_s of 'finishline record'";
  for (const auto& [what, rows] : calibration.unknown)
    words += "\n  " + counted(rows, "row") + " passed over: the configuration has no " + what;
  return words;
}

int tell_calibration(const TraceRows& rows, const config::Config& config, const CalibrateOptions& options) {
  const Calibration calibration = calibrate(rows, config.cost, servers_in(config));
  if (calibration.used == 0) return refuse_trace(kNotRunning, nothing_in(calibration, options));
  if (options.json) return print_json(calibration_json(calibration, kSure));
  const std::string toml = calibration_toml(calibration, options.trace, kSure);
  return std::fputs(toml.c_str(), stdout) < 0 ? kNotRunning : 0;
}

}  // namespace

std::variant<TraceRows, std::string> parse_access_log(std::string_view text) {
  std::istringstream lines{std::string(text)};
  TraceRows rows;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty()) continue;
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (tells_of_a_stream(json)) continue;
    auto row = access_row(json);
    if (!row)
      return "line " + std::to_string(number) +
             ": this is no line of an access log, with type, length, server, " + "status and service_ms";
    rows.push_back(std::move(*row));
  }
  return rows;
}

int run_calibrate_command(int argc, char** argv) {
  CLI::App app(
      "Shows what requests cost by a recorded trace, how wrong the declared costs are, and prints [cost.*] "
      "as it "
      "should be",
      "finishline calibrate");
  CalibrateOptions options;
  app.add_option("TRACE", options.trace,
                 "what 'finishline record' prints, or an access log; - is standard input")
      ->required();
  app.add_option("-c,--config", options.config,
                 "the configuration file with the servers and the declared costs")
      ->capture_default_str();
  add_json_flag(app, options.json);
  flags::add_examples(
      app, {"finishline calibrate trace.csv -c finishline.toml",
            "finishline record media -c finishline.toml | finishline calibrate - -c finishline.toml",
            "finishline calibrate access.log -c finishline.toml --json"});
  if (const auto code = flags::parse(app, argc, argv)) return *code;
  const auto config = config_in(options.config);
  if (!config) return kBadUse;
  std::string problem;
  const std::string text = read_all(options.trace, problem);
  if (!problem.empty()) return refuse_trace(kBadUse, problem);
  const auto read = text.starts_with('{') ? parse_access_log(text) : model::parse_trace(text);
  if (const auto* wrong = std::get_if<std::string>(&read))
    return refuse_trace(kBadUse, options.trace + ": " + *wrong);
  return tell_calibration(std::get<TraceRows>(read), *config, options);
}

}  // namespace finishline::cli
