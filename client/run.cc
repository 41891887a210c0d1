#include "client/run.h"

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>
#include <variant>

#include "client/certificate_look.h"
#include "client/conformance.h"
#include "client/enquiry.h"
#include "client/estimate.h"
#include "client/journal.h"
#include "client/payload.h"
#include "client/progress.h"
#include "client/report.h"
#include "client/route.h"
#include "client/runner.h"
#include "client/scenario.h"
#include "client/tls.h"
#include "lb/net/loop.h"
#include "lb/net/timer.h"
#include "proto/quantity.h"

namespace finishline::client {
namespace {

constexpr rlim_t kOtherDescriptors = 64;  // standard streams, files, the loop's own
constexpr Nanos kRedraw = 100ms;
constexpr std::size_t kDefaultBody = 8;
constexpr Nanos kRulePatience = 3s;  // for an answer, unless --reply-timeout is shorter

int fail(int code, const std::string& message) {
  std::fprintf(stderr, "finishline-client: %s\n", message.c_str());
  return code;
}

/// Raises the soft limit of open files as far as needed; the reason why that is not possible, or "".
std::string allow_connections(std::uint32_t connections) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t needed = connections + kOtherDescriptors;
  if (limit.rlim_cur >= needed) return {};
  const rlim_t hard = limit.rlim_max;
  limit.rlim_cur = std::min(needed, hard);
  if (hard >= needed && ::setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
  return "--concurrency " + std::to_string(connections) + " needs " + std::to_string(needed) +
         " open files, the limit is " + std::to_string(hard) + " (ulimit -Hn)";
}

Nanos cpu_time() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto nanos = [](const timeval& t) { return Nanos{t.tv_sec * 1'000'000'000LL + t.tv_usec * 1000LL}; };
  return nanos(usage.ru_utime) + nanos(usage.ru_stime);
}

/// Reads the files that the options name; what is wrong with them, or "".
std::string read_files(Inputs& inputs) {
  if (const std::string& path = inputs.options.cost; !path.empty()) {
    auto cost = model::read_cost_file(path);
    if (auto* problem = std::get_if<std::string>(&cost)) return std::move(*problem);
    inputs.cost = std::move(std::get<model::CostFile>(cost));
  }
  if (const std::string& path = inputs.options.trace; !path.empty()) {
    std::ifstream file(path);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf())) return "cannot read " + path + ", or it is empty";
    auto trace = model::parse_trace(text.str());
    if (auto* problem = std::get_if<std::string>(&trace)) return path + ": " + *problem;
    inputs.trace = std::move(std::get<std::vector<model::TraceRow>>(trace));
  }
  return {};
}

/// Why a file that is to be written at the end could not be, or "". Makes those that are not there.
std::string try_files(const Options& options) {
  const std::pair<const char*, std::string> files[] = {{"--json", options.json.value_or("")},
                                                       {"--save-trace", options.save_trace},
                                                       {"--save-replies", options.save_replies}};
  for (const auto& [option, path] : files) {
    if (path.empty() || std::ofstream(path, std::ios::app)) continue;
    return std::string(option) + ": cannot write " + path + ": " + std::strerror(errno);
  }
  return {};
}

/// Tells, once, that there is no connection yet, and for how long one is tried.
class ConnectNotice {
 public:
  explicit ConnectNotice(const Options& options) : options_(options), told_(options.quiet) {}
  void tell(const std::string& why) {
    if (std::exchange(told_, true)) return;
    fail(kExitFailed, "no connection to " + options_.connect + " yet: " + why + "; trying until " +
                          human(options_.connect_timeout));
  }
  void tell_silent() const {
    if (!options_.quiet)
      fail(kExitFailed, options_.connect +
                            " has closed the connection without a word of the protocol; is it " +
                            "a listener of Finishline? Trying on");
  }

 private:
  const Options& options_;
  bool told_;
};

/// Draws the progress line over itself on a terminal; nothing elsewhere.
class ProgressBar {
 public:
  explicit ProgressBar(bool wanted) : shown_(wanted && ::isatty(STDERR_FILENO) == 1) {}
  ~ProgressBar() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
  }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void draw(const Progress& progress) {
    if (!shown_ || progress.elapsed - last_.elapsed < kRedraw / 2) return;
    const double rate = static_cast<double>(progress.answered - last_.answered) /
                        to_seconds(progress.elapsed - last_.elapsed);
    smooth_ = drawn_ ? smooth_ + 0.3 * (rate - smooth_) : rate;
    const std::string line = progress_line(progress, smooth_).substr(0, columns());
    std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
    drawn_ = true;
    last_ = progress;
  }

 private:
  static std::size_t columns() {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1U : 79U;
  }

  bool shown_, drawn_ = false;
  double smooth_ = 0;
  Progress last_;
};

StepTallies steps_of(const Scenario& scenario) {
  return scenario.traffic.pace && !scenario.replay ? StepTallies(*scenario.traffic.pace) : StepTallies();
}

/// One run, its parts in the order in which they are made.
class Session {
 public:
  /// The notice outlives it.
  Session(net::Loop& loop, Inputs inputs, Scenario scenario, Journal journal, Route route,
          ConnectNotice& notice)
      : loop_(loop),
        inputs_(std::move(inputs)),
        scenario_(std::move(scenario)),
        journal_(std::move(journal)),
        payload_(options().seed, options().mini ? 0 : options().body.value_or(kDefaultBody)),
        tally_(scenario_.cost.request_types().size(), steps_of(scenario_)),
        route_(std::move(route)),
        runner_(loop_, settings(), scenario_.plan(), scenario_.cost, tally_, journal_) {
    runner_.on_waiting([&notice](const std::string& why) { notice.tell(why); });
  }

  int play(std::vector<std::string> notes);

 private:
  const Options& options() const { return inputs_.options; }
  Runner::Settings settings() const;
  Wire wire() const;
  Progress progress() const;
  Ending play_until_ended();
  Report report(Ending ending, Nanos cpu, std::vector<std::string> notes) const;
  int print(const Report& report) const;

  net::Loop& loop_;
  Inputs inputs_;
  Scenario scenario_;
  Journal journal_;
  Payload payload_;
  Tally tally_;
  Route route_;
  Runner runner_;
  int interrupted_by_ = 0;
};

Wire Session::wire() const {
  Wire wire;
  wire.route = route_;
  wire.mini = options().mini;
  wire.one_each = options().reconnect;
  wire.depth = scenario_.depth;
  wire.names_servers = !scenario_.servers.empty();
  wire.deadline_ms = static_cast<std::uint32_t>(options().deadline / 1ms);
  wire.expected = {&payload_, options().retryable ? proto::kRetryable : std::uint8_t{0},
                   options().expect_reply_bytes};
  return wire;
}

Runner::Settings Session::settings() const {
  Runner::Settings settings;
  settings.wire = wire();
  settings.connections = options().concurrency;
  settings.open_loop = scenario_.open_loop;
  settings.retry = options().retryable;
  settings.priorities = options().priorities;
  settings.duration = scenario_.traffic.duration;
  settings.warmup = options().warmup;
  settings.silent_before = inputs_.silent;
  settings.connect_timeout = options().connect_timeout;
  settings.reply_timeout = options().reply_timeout;
  return settings;
}

Progress Session::progress() const {
  return {tally_.sent() + runner_.warm_up().sent() - runner_.open_requests(), runner_.open_requests(),
          scenario_.plan().size(), runner_.elapsed(), scenario_.traffic.duration};
}

Ending Session::play_until_ended() {
  ProgressBar bar(options().progress && !options().quiet);
  const auto interrupt = [this](int number) {
    interrupted_by_ = number;
    runner_.stop({Ending::Kind::interrupted, "interrupted: this is the report so far"});
  };
  const net::Signal on_interrupt(loop_, SIGINT, [&] { interrupt(SIGINT); });
  const net::Signal on_terminate(loop_, SIGTERM, [&] { interrupt(SIGTERM); });
  runner_.on_tick([&] { bar.draw(progress()); });
  return runner_.play();
}

int Session::play(std::vector<std::string> notes) {
  const Nanos cpu_before = cpu_time();
  Ending ending = play_until_ended();
  const Nanos cpu = cpu_time() - cpu_before;
  if (ending.untrusted)
    ending.reason = untrusted(ending.reason, certificate_names(loop_, route_, options()), options());
  const std::string problem = journal_.close();
  const Report done = report(std::move(ending), cpu, std::move(notes));
  const int printed = print(done);
  if (!done.ending.reason.empty()) fail(kExitFailed, done.ending.reason);
  if (!problem.empty()) return fail(kExitFailed, problem);
  if (interrupted_by_ != 0) return 128 + interrupted_by_;
  return all_good(done) ? printed : kExitFailed;
}

Report Session::report(Ending ending, Nanos cpu, std::vector<std::string> notes) const {
  Report report(tally_);
  report.address = options().connect;
  report.protocol = options().mini ? "mini" : "frame";
  report.arrivals = scenario_.arrivals;
  if (inputs_.description) {
    report.pool = inputs_.description->pool;
    report.policy = inputs_.description->policy;
  }
  report.connections = options().concurrency;
  report.seed = options().seed;
  report.open_loop = scenario_.open_loop;
  report.cost = scenario_.cost;
  report.servers = scenario_.servers;
  report.lower_bound = bound_of(scenario_, runner_.warm_up().sent(), tally_.sent());
  report.warm_up = &runner_.warm_up();
  report.measured_from = options().warmup;
  report.distribution = options().distribution;
  report.ending = std::move(ending);
  report.cpu = cpu;
  report.notes = std::move(notes);
  return report;
}

int Session::print(const Report& report) const {
  const std::optional<std::string>& json = options().json;
  const bool nothing_to_tell = report.tally.sent() == 0 && !report.ending.reason.empty();
  const std::string text = json == "" ? to_json(report) : nothing_to_tell ? "" : to_text(report);
  std::fputs(text.c_str(), stdout);
  if (std::fflush(stdout) != 0) return fail(kExitFailed, "cannot write the report to standard output");
  if (!json || json->empty()) return kExitGood;
  std::ofstream file(*json);
  if (!(file << to_json(report)) || !file.flush()) return fail(kExitFailed, "cannot write " + *json);
  return kExitGood;
}

/// Takes what the other side tells into `inputs`; why it cannot be reached, or "".
std::string enquire_into(Inputs& inputs, net::Loop& loop, const Route& way, ConnectNotice& notice,
                         std::vector<std::string>& notes) {
  const Options& options = inputs.options;
  if (options.mini || !options.describe) return {};
  auto told = enquire(loop, way.target, options.connect_timeout, way.tls.get(),
                      [&notice](const std::string& why) { notice.tell(why); });
  if (auto* unreached = std::get_if<NotReached>(&told)) {
    if (!unreached->untrusted) return std::move(unreached->reason);
    return untrusted(unreached->reason, certificate_names(loop, way, options), options);
  }
  if (auto* description = std::get_if<Description>(&told)) {
    inputs.description = std::move(*description);
  } else {
    const auto& untold = std::get<NotDescribed>(told);
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
  Subject subject{.proxy = options.against_proxy.value_or(inputs.description.has_value())};
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
  const auto results = conform(loop, way, subject_of(inputs));
  const std::optional<std::string>& json = inputs.options.json;
  std::fputs((json == "" ? to_json(results) : to_text(results)).c_str(), stdout);
  if (std::fflush(stdout) != 0) return fail(kExitFailed, "cannot write to standard output");
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
  if (const std::string problem = allow_connections(options.concurrency); !problem.empty())
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

  return Session(loop, std::move(inputs), std::move(known), std::move(std::get<Journal>(journal)),
                 std::move(way), notice)
      .play(std::move(notes));
}

}  // namespace finishline::client
