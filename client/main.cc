// finishline-client: sends typed requests, checks every reply and reports how well they were scheduled.
// This file knows the command line and nothing else.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "client/compare_command.h"
#include "client/foreign_flags.h"
#include "client/options.h"
#include "client/run.h"
#include "client/scenario.h"
#include "lb/flags/command_line.h"
#include "lb/flags/help.h"
#include "lb/log/standard_descriptors.h"
#include "proto/nearest.h"
#include "proto/quantity.h"
#include "proto/version.h"

namespace {

using namespace finishline;
using namespace finishline::client;

template <class Value>
std::optional<Value> value_of(std::optional<Value> parsed, const std::string&) {
  return parsed;
}
template <class Value>
std::optional<Value> value_of(std::variant<Value, std::string> parsed, const std::string& name) {
  if (auto* problem = std::get_if<std::string>(&parsed)) throw CLI::ValidationError(name, *problem);
  return std::move(std::get<Value>(parsed));
}

/// What an option takes: in the help, and in the message when it gets something else.
struct Kind {
  const char* placeholder;
  const char* description;
};
constexpr Kind kCount{"COUNT", "a whole number above 0, as 300 or 10k"};
constexpr Kind kNumber{"N", "a whole number"};
constexpr Kind kTime{"TIME", "a duration"};
constexpr Kind kBytes{"BYTES", "a size up to 1GiB, as 40, 4KiB or 1MB"};

/// An option whose text is read by `parse`.
template <class Parse, class Target>
CLI::Option* add(CLI::App& app, const std::string& name, const Kind& kind, Target& target, Parse parse,
                 const std::string& help) {
  const auto take = [name, kind, &target, parse](const std::string& text) {
    auto value = value_of(parse(text), name);
    if (!value) throw CLI::ValidationError(name, "'" + text + "' is not " + kind.description);
    target = std::move(*value);
  };
  return app.add_option_function<std::string>(name, take, help)->type_name(kind.placeholder);
}

void add_switch(CLI::App& app, const std::string& name, bool& target, bool value, const std::string& help) {
  app.add_flag_callback(
      name, [&target, value] { target = value; }, help);
}

/// A whole number in [least, most].
auto count_between(std::uint32_t least, std::uint32_t most) {
  return [least, most](const std::string& text) -> std::optional<std::uint32_t> {
    const auto count = parse_count(text);
    if (!count || *count < least || *count > most) return std::nullopt;
    return static_cast<std::uint32_t>(*count);
  };
}

std::optional<std::uint64_t> parse_positive(const std::string& text) {
  const auto count = parse_count(text);
  return count == 0U ? std::nullopt : count;
}

std::optional<std::size_t> parse_body(const std::string& text) {
  const auto bytes = parse_size(text, Bare::allowed);
  if (!bytes || *bytes > 1 << 30) return std::nullopt;
  return static_cast<std::size_t>(*bytes);
}

std::variant<Nanos, std::string> parse_span(const std::string& text) {
  const auto span = parse_duration(text, Bare::zero);
  if (!span) return duration_problem(text);
  return *span;
}

std::variant<Nanos, std::string> parse_deadline(const std::string& text) {
  auto span = parse_span(text);
  const auto* time = std::get_if<Nanos>(&span);
  if (time != nullptr && (*time < 1ms || *time / 1ms > 0xffffffffLL))
    return "'" + text + "' is no duration from 1ms to 49 days";
  return span;
}

std::optional<bool> parse_side(const std::string& text) {
  if (text == "server" || text == "proxy") return text == "proxy";
  return std::nullopt;
}

std::optional<bool> parse_protocol(const std::string& text) {
  if (text == "frame" || text == "mini") return text == "mini";
  return std::nullopt;
}

void add_target(CLI::App& app, Options& o) {
  const Kind protocol{"frame|mini", "frame or mini"};
  auto* connect = app.add_option("--connect", o.connect, "the proxy, or one server; unix:/PATH, too")
                      ->type_name("HOST:PORT");
  app.add_option("target", o.connect, "the same as --connect")->type_name("HOST:PORT")->excludes(connect);
  add(app, "--protocol", protocol, o.mini, parse_protocol, "frame (default), or mini: two bytes each way");
  add(app, "--concurrency,-c", kCount, o.concurrency, count_between(1, 1000000), "connections; default 16");
  add(app, "--threads,-t", kCount, o.threads, count_between(1, 64),
      "threads that share connections and requests; default 1, which keeps a core busy at most");
  add(app, "--pipeline,-p", kNumber, o.pipeline, count_between(0, 1000000),
      "requests open on one connection; default 1, in open loops 0 (no limit) for frames");
  app.add_option(
         "--source-ip", o.source_ips,
         "connect from these addresses in turn; default: as the kernel chooses. Each has about 28,000 ports, "
         "which --reconnect uses up in seconds")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("IP,...");
  add_switch(app, "--tls", o.tls, true, "speak TLS, and check the certificate");
  app.add_option("--ca", o.ca, "with --tls: certificates to trust (PEM); default: those of the system")
      ->type_name("FILE");
  app.add_option("--server-name", o.server_name, "with --tls: whose certificate it must be; default: HOST")
      ->type_name("NAME");
  app.add_option("--cert", o.tls_cert, "with --tls: our own certificate (PEM)")->type_name("FILE");
  app.add_option("--key", o.tls_key, "with --tls: its private key; default: in the same file")
      ->type_name("FILE");
  add_switch(app, "--insecure", o.insecure, true, "with --tls: take any certificate");
  add_switch(app, "--reconnect", o.reconnect, true, "open a new connection for every request");
  add_switch(app, "--no-describe", o.describe, false, "do not ask the other side to describe itself");
}

void add_traffic(CLI::App& app, Options& o) {
  const Kind arrivals{"closed|poisson|uniform|burst", "closed, poisson, uniform or burst"};
  add(app, "--requests,-n", kCount, o.requests, parse_positive,
      "how many; 1000 unless --duration or --trace is given");
  add(app, "--duration,-d,-z", kTime, o.duration, parse_span, "for how long requests are sent, as 10s");
  add(app, "--warmup", kTime, o.warmup, parse_span,
      "requests of the first so long are sent and checked, but left out of all figures; default none");
  add(app, "--arrivals", arrivals, o.arrivals, model::arrivals_named,
      "closed: the next request when a reply makes room (default); else by time, whatever is unanswered: "
      "poisson (default with --rate), uniform, burst (all at once without --rate)");
  add(app, "--rate,-q,-R", {"RATE", "a rate"}, o.rate, model::RateLaw::parse,
      "requests per second in all, or as 60/m, for an open loop; 100..1000 rises over the whole run, "
      "100,200,400 are steps, which the report tells apart");
  add(app, "--step", kTime, o.step, parse_span,
      "how long each step of --rate is kept; default: an equal part of --duration");
  add(app, "--think", {"TIME", "a time to think"}, o.think, ThinkTime::parse,
      "closed loop: a connection rests so long between a reply and its next request, as 50ms, or "
      "exp:50ms for exponential times with that mean; default 0");
  add(app, "--burst", kCount, o.burst, count_between(1, 0xffffffffU),
      "requests per burst with --arrivals burst and --rate; default 100");
  auto* mix = add(app, "--mix", {"TYPE=SHARE,...", "a list"}, o.mix, model::parse_shares,
                  "request types by name or letter, as video=1,music=3; default: all alike");
  auto* length =
      add(app, "--length", {"LAW", "a length"}, o.lengths, model::LengthLaw::parse,
          "units of work: 1..9 (default), exp:MEAN, pareto:SHAPE:LEAST, const:N; exp and pareto are "
          "rounded, at least 1, and cut at what the other side takes");
  add(app, "--body", kBytes, o.body, parse_body, "behind each header; default 8, seeded, and expected back");
  add(app, "--seed", kNumber, o.seed, parse_count, "of types, lengths, times and bodies; default 1");
  app.add_option("--trace", o.trace, "play this CSV file (time_s,type,length) instead")
      ->type_name("FILE")
      ->excludes(mix)
      ->excludes(length)
      ->excludes("--rate");
}

void add_bound(CLI::App& app, Options& o) {
  add(app, "--servers", {"TYPE=COUNT,...", "a list"}, o.servers, model::parse_shares,
      "for the lower bound: servers by type, as video=2,music=1; default: as the proxy describes");
  app.add_option("--cost", o.cost,
                 "for the lower bound: TOML with [work], [cost.*] and perhaps [[server]], as in the proxy's "
                 "configuration")
      ->type_name("FILE");
}

void add_behaviour(CLI::App& app, Options& o) {
  add_switch(
      app, "--retryable", o.retryable, true,
      "requests may be done twice: they are marked so, and sent again when their connection or their server "
      "is lost, or they are refused: 10 times as draining, 20 as overloaded, 1000 where it is said when to "
      "come again (default)");
  add_switch(app, "--no-retryable", o.retryable, false,
             "they may not: what was on a lost connection has failed");
  add(app, "--deadline", kTime, o.deadline, parse_deadline,
      "time a request may take from its receipt, as 100ms; default none");
  add(app, "--priority", {"0..3", "a class from 0 to 3"}, o.priorities, PriorityMix::all_of,
      "class of all requests where they wait for a server; default 0, 3 is the most urgent");
  add(app, "--priorities", {"CLASS:SHARE,...", "a list"}, o.priorities, PriorityMix::parse,
      "classes by shares, as 0:0.9,3:0.1")
      ->excludes("--priority");
  add_switch(app, "--estimate", o.estimate, true,
             "send no request, but ask when one of each type of --mix would be done, of the "
             "largest length in --length");
  add_switch(app, "--conformance", o.conformance, true,
             "send no load, but play the rules of the protocol (of --protocol), a table of which is kept or "
             "broken; with a "
             "request type that it can do as --mix, if that is not V");
  add(app, "--against", {"server|proxy", "server or proxy"}, o.against_proxy, parse_side,
      "with --conformance: whose rules; default: a proxy's if it describes itself");
  app.add_option("--stops", o.stops,
                 "with --conformance: the process that is told to end (SIGTERM) for the last rule, goaway")
      ->type_name("PID")
      ->check(CLI::PositiveNumber);
  add(app, "--expect-reply-bytes", kBytes, o.expect_reply_bytes, parse_body,
      "size of reply bodies when the servers run with --reply-bytes; default: that of the request's");
  add(app, "--connect-timeout", kTime, o.connect_timeout, parse_span,
      "give up after so long without any connection; default 10s");
  add(app, "--reply-timeout,--timeout", kTime, o.reply_timeout, parse_span,
      "give up after so long with requests open and no answer; default 60s, 0: never");
}

void add_output(CLI::App& app, Options& o) {
  app.add_option("--json", o.json, "report as JSON; to FILE, and as text to standard output, if one is named")
      ->expected(0, 1)
      ->type_name("[FILE]");
  app.add_option("--save-trace", o.save_trace, "write the requests sent as CSV, to be played by --trace")
      ->type_name("FILE");
  app.add_option("--save-replies", o.save_replies,
                 "write a line per request as CSV: id,type,length,intended_s,sent_s,done_s,server,status")
      ->type_name("FILE");
  app.add_option("--csv", o.csv,
                 "write a line per second as CSV: time_s,sent,ok,failed,open,ok_per_s,mean_us,p50_us,p90_us,"
                 "p99_us,max_us")
      ->type_name("FILE");
  app.add_option("--hdr", o.hdr,
                 "write the percentiles of latency, in ms, as HdrHistogram's plotters read them")
      ->type_name("FILE");
  add_switch(app, "--latency", o.distribution, true, "show the whole distribution of latencies");
  add_switch(app, "--quiet", o.quiet, true, "on standard error only what failed; without a progress bar");
  add_switch(app, "--no-progress", o.progress, false, "no progress bar and no graph on the terminal");
}

void add_headings(CLI::App& app) {
  flags::add_heading(app, "Whom to ask",
                     {"--connect", "--protocol", "--concurrency", "--threads", "--pipeline", "--source-ip",
                      "--reconnect", "--no-describe"});
  flags::add_heading(app, "TLS", {"--tls", "--ca", "--server-name", "--cert", "--key", "--insecure"});
  flags::add_heading(app, "Traffic",
                     {"--requests", "--duration", "--warmup", "--arrivals", "--rate", "--step", "--think",
                      "--burst", "--mix", "--length", "--body", "--seed", "--trace"});
  flags::add_heading(app, "What becomes of a request",
                     {"--retryable", "--no-retryable", "--deadline", "--priority", "--priorities",
                      "--expect-reply-bytes", "--connect-timeout", "--reply-timeout"});
  flags::add_heading(app, "Lower bound", {"--servers", "--cost"});
  flags::add_heading(app, "Instead of load", {"--estimate", "--conformance", "--against", "--stops"});
  flags::add_heading(app, "Report",
                     {"--json", "--save-trace", "--save-replies", "--csv", "--hdr", "--latency", "--quiet",
                      "--no-progress"});
  flags::add_examples(
      app,
      {"finishline-client 127.0.0.1:9000 --requests 300 --arrivals burst",
       "finishline-client 127.0.0.1:9000 --duration 10s --concurrency 64 --json before.json",
       "finishline-client 127.0.0.1:9000 --duration 10s --rate 200 --mix video=1,music=3",
       "finishline-client 127.0.0.1:9000 --rate 100,200,400 --step 10s",
       "finishline-client 127.0.0.1:9000 --trace trace.csv", "finishline-client 127.0.0.1:9001 --conformance",
       "finishline-client compare before.json after.json"});
}

/// Whether the word is a command that was mistyped; says so.
bool nearly_compare(std::string_view word) {
  constexpr std::string_view kCommands[] = {"compare"};
  const bool near = !nearest(word, kCommands).empty();
  if (near)
    std::fprintf(stderr,
                 "finishline-client: it does not know %s, did you mean compare?\n"
                 "Run it with --help for more information.\n",
                 std::string(word).c_str());
  return near;
}

/// Where the first words say so: compare, or help compare. Its exit code.
std::optional<int> run_compare(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "", second = argc > 2 ? argv[2] : "";
  if (first == "compare") return run_compare_command(argc - 1, argv + 1);
  if (nearly_compare(first)) return kExitUsage;
  if (first != "help" || second != "compare") return std::nullopt;
  std::string help = "--help";
  char* const words[] = {argv[2], help.data(), nullptr};
  return run_compare_command(2, const_cast<char**>(words));
}

}  // namespace

int main(int argc, char** argv) {
  if (!log::open_standard_descriptors()) return kExitUsage;
  if (const auto code = run_compare(argc, argv)) return *code;
  std::string help = "--help", version_flag = "--version";
  if (argc == 2 && std::string_view(argv[1]) == "help") argv[1] = help.data();
  if (argc == 2 && std::string_view(argv[1]) == "version") argv[1] = version_flag.data();
  CLI::App app(
      "Sends typed requests to Finishline, checks every reply, and reports the makespan beside the lower "
      "bound for exactly this traffic.\nExit code: 0 every request was answered correctly, 1 something "
      "failed, 2 bad usage, 128 + N interrupted by signal N.",
      "finishline-client");
  Options options;
  app.set_version_flag("--version", std::string("finishline-client ") + version());
  add_target(app, options);
  add_traffic(app, options);
  add_bound(app, options);
  add_behaviour(app, options);
  add_output(app, options);
  add_headings(app);
  app.add_subcommand("compare", "two reports side by side: what is better or worse, and how sure that is");
  if (const auto code = flags::parse(app, argc, argv, instead_of)) return *code;
  auto problems = problems_in(options);
  if (options.connect.empty())
    problems.emplace_back(
        "say whom to connect to: HOST:PORT, or --connect HOST:PORT (a word behind --json is its file)");
  for (const std::string& problem : problems)
    std::fprintf(stderr, "finishline-client: %s\n", problem.c_str());
  return problems.empty() ? run(options) : kExitUsage;
}
