#include "client/run.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>
#include <variant>

#include "client/certificate_look.h"
#include "client/complaint.h"
#include "client/conformance.h"
#include "client/connect_notice.h"
#include "client/enquiry.h"
#include "client/estimate.h"
#include "client/journal.h"
#include "client/load_run.h"
#include "client/route.h"
#include "client/scenario.h"
#include "client/tls.h"
#include "lb/model/input_file.h"
#include "lb/net/loop.h"
#include "lb/net/timer.h"
#include "proto/quantity.h"

namespace finishline::client {
namespace {

constexpr rlim_t kOtherDescriptors = 64;  // standard streams, files, the loop's own
constexpr rlim_t kOfThread = 16;          // descriptors of a loop
constexpr Nanos kRulePatience = 3s;       // for an answer, unless --reply-timeout is shorter

/// Raises the soft limit of open files as far as needed; the reason why that is not possible, or "".
std::string allow_connections(std::uint32_t connections, std::uint32_t threads) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t needed = connections + kOtherDescriptors + threads * kOfThread;
  if (limit.rlim_cur >= needed) return {};
  const rlim_t hard = limit.rlim_max;
  limit.rlim_cur = std::min(needed, hard);
  if (hard >= needed && ::setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
  return "--concurrency " + std::to_string(connections) + " needs " + std::to_string(needed) +
         " open files, the limit is " + std::to_string(hard) + " (ulimit -Hn)";
}

/// Reads the files that the options name; what is wrong with them, or "".
std::string read_files(Inputs& inputs) {
  if (const std::string& path = inputs.options.cost; !path.empty()) {
    auto cost = model::read_cost_file(path);
    if (auto* problem = std::get_if<std::string>(&cost)) return std::move(*problem);
    inputs.cost = std::move(std::get<model::CostFile>(cost));
  }
  if (const std::string& path = inputs.options.trace; !path.empty()) {
    model::InputText read = model::read_input(path, "a trace");
    if (!read.problem.empty()) return std::move(read.problem);
    if (read.text.empty()) return path + " is empty; finishline record and --save-trace write traces";
    auto trace = model::parse_trace(read.text);
    if (auto* problem = std::get_if<std::string>(&trace)) return path + ": " + *problem;
    inputs.trace = std::move(std::get<std::vector<model::TraceRow>>(trace));
  }
  return {};
}

/// Why a file that is to be written at the end could not be, or "". Makes those that are not there.
std::string try_files(const Options& options) {
  const std::pair<const char*, std::string> files[] = {{"--json", options.json.value_or("")},
                                                       {"--save-trace", options.save_trace},
                                                       {"--save-replies", options.save_replies},
                                                       {"--csv", options.csv},
                                                       {"--hdr", options.hdr}};
  for (const auto& [option, path] : files) {
    if (path == "-") return std::string(option) + ": for standard output write /dev/stdout";
    if (path.empty() || std::ofstream(path, std::ios::app)) continue;
    return std::string(option) + ": cannot write " + path + ": " + std::strerror(errno);
  }
  return {};
}

/// Takes what the other side tells into `inputs`; why it cannot be reached, or "".
std::string enquire_into(Inputs& inputs, net::Loop& loop, const Route& way, ConnectNotice& notice,
                         std::vector<std::string>& notes) {
  const Options& options = inputs.options;
  if (options.mini || !options.describe) return {};
  auto told = enquire(loop, way.target, options.connect_timeout, way.tls.get(),
                      [&notice](const std::string& why) { notice.tell(why); });
  if (auto* unreached = std::get_if<NotReached>(&told)) {
    if (unreached->fault == tls::TlsFault::none) return std::move(unreached->reason);
    return tls_failure(loop, way, options, unreached->fault, unreached->reason);
  }
  if (auto* description = std::get_if<Description>(&told)) {
    inputs.description = std::move(*description);
  } else {
    const auto& untold = std::get<NotDescribed>(told);
    if (untold.silent && speaks_tls(loop, way, options)) return lacks_tls(options);
    notes.push_back(options.connect + " does not describe itself (" + untold.reason +
                    "): taking the built-in request types video, picture and music");
    inputs.silent = untold.silent;
    if (untold.silent) notice.tell_silent();
  }
  return {};
}

/// Of the types of --mix, or of all.
int print_estimates(const Inputs& inputs, net::Loop& loop, const Route& way) {
  const Options& options = inputs.options;
  const CostModel cost = inputs.description ? inputs.description->cost : CostModel::seed(1ms);
  std::vector<RequestTypeSpec> types;
  for (const RequestTypeSpec& type : cost.request_types()) {
    const auto is_it = [&](const model::Share& share) {
      return share.name == type.name || share.name == std::string(1, type.code);
    };
    if (options.mix.empty() || std::ranges::any_of(options.mix, is_it)) types.push_back(type);
  }
  if (types.empty()) return fail(kExitUsage, "--mix names no type that there is");
  const std::uint32_t length = options.lengths.largest().value_or(1);
  const auto told = estimate(loop, way.target, options.connect_timeout, types, length,
                             options.priorities.of(0), way.tls.get());
  if (const auto* problem = std::get_if<std::string>(&told)) return fail(kExitFailed, *problem);
  const auto& estimates = std::get<std::vector<Estimate>>(told);
  std::fputs((options.json ? to_json(estimates) : to_text(estimates)).c_str(), stdout);
  return std::fflush(stdout) == 0 ? kExitGood : fail(kExitFailed, "cannot write to standard output");
}

/// Of whom it is known what it can do, and for the rest the first type of --mix.
Subject subject_of(const Inputs& inputs) {
  const Options& options = inputs.options;
  Subject subject{.proxy = options.against_proxy.value_or(inputs.description.has_value()),
                  .mini = options.mini};
  if (options.reply_timeout > 0ns) subject.patience = std::min(kRulePatience, options.reply_timeout);
  const CostModel cost = inputs.description ? inputs.description->cost : CostModel::seed(1ms);
  if (!cost.request_types().empty()) subject.type = cost.request_types().front().code;
  if (!options.mix.empty()) subject.type = options.mix.front().name.front();
  for (const RequestTypeSpec& type : cost.request_types())
    if (!options.mix.empty() && options.mix.front().name == type.name) subject.type = type.code;
  while (cost.request_type_of(subject.unknown_type) || subject.unknown_type == subject.type)
    ++subject.unknown_type;
  if (options.stops > 0) subject.stop = [pid = options.stops] { ::kill(pid, SIGTERM); };
  if (!inputs.description) return subject;
  subject.max_length = inputs.description->max_length;
  subject.max_body = inputs.description->max_body;
  return subject;
}

int print_conformance(const Inputs& inputs, net::Loop& loop, const Route& way) {
  CostModel cost = inputs.description ? inputs.description->cost : CostModel::seed(1ms);
  for (const model::Share& share : inputs.options.mix) {
    const auto type = resolve_type(share.name, cost);
    if (const auto* problem = std::get_if<std::string>(&type)) return fail(kExitUsage, "--mix: " + *problem);
  }
  const std::optional<std::string>& json = inputs.options.json;
  const bool as_table = json != "";
  const auto say = [](const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  };
  if (as_table) say(table_head());
  const auto results = conform(loop, way, subject_of(inputs), [&](const RuleResult& result) {
    if (as_table) say(to_line(result));
  });
  say(as_table ? to_summary(results) : to_json(results));
  if (std::ferror(stdout) != 0) return fail(kExitFailed, "cannot write to standard output");
  if (json && !json->empty() && !(std::ofstream(*json) << to_json(results) << std::flush))
    return fail(kExitFailed, "cannot write " + *json);
  return all_kept(results) ? kExitGood : kExitFailed;
}

}  // namespace

int run(const Options& options) {
  std::signal(SIGPIPE, SIG_IGN);
  Inputs inputs{options, {}, std::nullopt, std::nullopt, false};
  if (const std::string problem = read_files(inputs); !problem.empty()) return fail(kExitUsage, problem);
  if (const std::string problem = try_files(options); !problem.empty()) return fail(kExitUsage, problem);
  if (const std::string problem = allow_connections(options.concurrency, options.threads); !problem.empty())
    return fail(kExitUsage, problem);
  auto route = find_route(options.connect, options.source_ips);
  if (const auto* problem = std::get_if<std::string>(&route)) return fail(kExitUsage, *problem);
  Route& way = std::get<Route>(route);
  auto tls = tls_of(options);
  if (const auto* problem = std::get_if<std::string>(&tls)) return fail(kExitUsage, *problem);
  way.tls = std::move(std::get<0>(tls));

  net::Loop loop;
  ConnectNotice notice(options);
  std::vector<std::string> notes;
  if (const std::string problem = enquire_into(inputs, loop, way, notice, notes); !problem.empty())
    return fail(kExitFailed, problem);
  if (options.conformance) return print_conformance(inputs, loop, way);
  if (options.estimate) return print_estimates(inputs, loop, way);
  auto scenario = make_scenario(inputs);
  if (const auto* problem = std::get_if<std::string>(&scenario)) return fail(kExitUsage, *problem);
  Scenario& known = std::get<Scenario>(scenario);
  if (known.bound_servers.empty())
    notes.emplace_back("no lower bound: the servers are not known; see --servers");
  auto journal = Journal::open({options.save_trace, options.save_replies}, known.cost, known.servers);
  if (const auto* problem = std::get_if<std::string>(&journal)) return fail(kExitUsage, *problem);

  return LoadRun(loop, std::move(inputs), std::move(known), std::move(std::get<Journal>(journal)),
                 std::move(way), notice)
      .play(std::move(notes));
}

}  // namespace finishline::client
