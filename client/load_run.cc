#include "client/load_run.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <utility>
#include <variant>

#include "client/certificate_look.h"
#include "client/complaint.h"
#include "client/hdr_text.h"
#include "client/report_facts.h"
#include "client/tls.h"
#include "lb/net/timer.h"

namespace finishline::client {
namespace {

constexpr std::size_t kDefaultBody = 8;

StepTallies steps_of(const Scenario& scenario) {
  return scenario.traffic.pace && !scenario.replay ? StepTallies(*scenario.traffic.pace) : StepTallies();
}

}  // namespace

LoadRun::LoadRun(net::Loop& loop, Inputs inputs, Scenario scenario, Journal journal, Route route,
                 ConnectNotice& notice)
    : loop_(loop),
      inputs_(std::move(inputs)),
      scenario_(std::move(scenario)),
      journal_(std::move(journal)),
      payload_(options().seed, options().mini ? 0 : options().body.value_or(kDefaultBody)),
      tally_(scenario_.cost.request_types().size(), steps_of(scenario_)),
      route_(std::move(route)),
      runner_(loop_, settings(0), scenario_.plan(), scenario_.cost, tally_, journal_),
      warm_up_(scenario_.cost.request_types().size()) {
  runner_.on_waiting([&notice](const std::string& why) { notice.tell(why); });
}

Wire LoadRun::wire() const {
  Wire wire;
  wire.route = route_;
  wire.mini = options().mini;
  wire.one_each = options().reconnect;
  wire.depth = scenario_.depth;
  wire.think = options().think;
  wire.seed = options().seed;
  wire.names_servers = !scenario_.servers.empty();
  wire.deadline_ms = static_cast<std::uint32_t>(options().deadline / 1ms);
  wire.expected = {&payload_, options().retryable ? proto::kRetryable : std::uint8_t{0},
                   options().expect_reply_bytes};
  return wire;
}

Runner::Settings LoadRun::settings(std::uint32_t thread) const {
  Runner::Settings settings;
  settings.wire = wire();
  const std::uint32_t threads = options().threads, connections = options().concurrency;
  settings.connections = connections / threads + (thread < connections % threads ? 1 : 0);
  settings.share = {thread, threads};
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

Progress LoadRun::progress() const {
  Progress progress{tally_.sent() + runner_.warm_up().sent() - runner_.open_requests(),
                    runner_.open_requests(), scenario_.plan().size(), runner_.elapsed(),
                    scenario_.traffic.duration};
  for (const auto& thread : threads_) {
    progress.answered += thread->answered();
    progress.open += thread->open_requests();
  }
  return progress;
}

std::string LoadRun::open_seconds() {
  if (options().csv.empty()) return {};
  auto created = SecondsFile::create(options().csv);
  if (auto* problem = std::get_if<std::string>(&created)) return "--csv: " + *problem;
  seconds_ = std::move(std::get<SecondsFile>(created));
  return {};
}

Ending LoadRun::play_until_ended() {
  ProgressBar bar(options().progress && !options().quiet);
  const bool watched = seconds_ || bar.has_graph();
  if (watched) tally_.watch();
  if (std::string problem = add_threads(watched); !problem.empty())
    return {Ending::Kind::gave_up, std::move(problem)};
  const net::Signal on_interrupt(loop_, SIGINT, [&] { interrupt(SIGINT); });
  const net::Signal on_terminate(loop_, SIGTERM, [&] { interrupt(SIGTERM); });
  runner_.on_tick([&] { on_tick(bar); });
  for (const auto& thread : threads_) thread->start();
  Ending ending = runner_.play();
  if (ending.kind != Ending::Kind::complete) stop_threads();
  wait_for_threads();
  runner_.on_tick({});  // the bar goes
  return ending;
}

/// The first signal takes back what is open, the second one does not wait for that.
void LoadRun::interrupt(int number) {
  const bool again = std::exchange(interrupted_by_, number) != 0;
  stop_threads();
  runner_.stop({Ending::Kind::interrupted, kInterrupted});
  if (!again) return;
  for (const auto& thread : threads_) thread->stop_at_once();
  runner_.stop_at_once();
}

/// Each with connections and, of TLS, sessions of its own. What is wrong with the files for TLS, or "".
std::string LoadRun::add_threads(bool watched) {
  for (std::uint32_t i = 1; i < options().threads; ++i) {
    auto tls = tls_of(options());
    if (auto* problem = std::get_if<std::string>(&tls)) return std::move(*problem);
    Runner::Settings mine = settings(i);
    mine.wire.route.tls = std::move(std::get<0>(tls));
    threads_.push_back(
        std::make_unique<LoadThread>(std::move(mine), scenario_, steps_of(scenario_), watched));
  }
  return {};
}

void LoadRun::stop_threads() {
  for (const auto& thread : threads_) thread->stop();
}

/// The loop goes on, for signals and the progress bar.
void LoadRun::wait_for_threads() {
  if (threads_.empty()) return;
  net::Timer look(loop_, [this] {
    if (std::ranges::all_of(threads_, [](const auto& thread) { return thread->done(); })) loop_.stop();
  });
  look.start(1ms, 10ms);
  loop_.run();
}

/// What all threads have counted becomes one; `own` the time of the busiest.
void LoadRun::take_over_threads(Ending& ending, OwnTime& own) {
  sent_.push_back({runner_.warm_up().sent(), tally_.sent()});
  warm_up_.merge(runner_.warm_up());
  for (const auto& thread : threads_) {
    thread->join();
    sent_.push_back({thread->warm_up().sent(), thread->tally().sent()});
    tally_.merge(thread->tally());
    warm_up_.merge(thread->warm_up());
    if (ending.kind == Ending::Kind::complete) ending = thread->ending();
    if (thread->own().busy() > own.busy()) own = {own.cpu, thread->own().thread, thread->own().waited};
  }
}

void LoadRun::on_tick(ProgressBar& bar) {
  if (tally_.watched() && runner_.elapsed() - second_begun_ >= 1s) end_second(&bar);
  bar.draw(progress());
}

void LoadRun::end_second(ProgressBar* bar) {
  const Nanos now = runner_.elapsed(), span = now - second_begun_;
  Interval interval = tally_.take_interval();
  for (const auto& thread : threads_) interval.merge(thread->take_interval());
  second_begun_ = now;
  if (seconds_) seconds_->add(now, interval, progress().open);
  if (bar != nullptr && span > 0ns) bar->add(interval, span);
}

/// The first thing that could not be written, or "".
std::string LoadRun::close_files() {
  std::string problem = journal_.close();
  if (seconds_) {
    end_second(nullptr);
    const std::string other = seconds_->close();
    if (problem.empty()) problem = other;
  }
  return problem;
}

std::string LoadRun::write_percentiles() const {
  if (options().hdr.empty()) return {};
  std::ofstream file(options().hdr);
  return file << hdr_text(tally_.latency()) && file.flush() ? "" : "cannot write " + options().hdr;
}

int LoadRun::play(std::vector<std::string> notes) {
  if (const std::string problem = open_seconds(); !problem.empty()) return fail(kExitUsage, problem);
  const OwnTime before = own_time();
  Ending ending = play_until_ended();
  OwnTime own = own_time() - before;
  std::string problem = close_files();
  take_over_threads(ending, own);
  if (std::string other = write_percentiles(); problem.empty()) problem = std::move(other);
  if (ending.fault != tls::TlsFault::none)
    ending.reason = tls_failure(loop_, route_, options(), ending.fault, ending.reason);
  if (ending.silent && speaks_tls(loop_, route_, options())) ending.reason = lacks_tls(options());
  Report done = report(std::move(ending), own, std::move(notes));
  for (std::string& note : limits_of(done)) done.notes.push_back(std::move(note));
  const int printed = print(done);
  if (!done.ending.reason.empty()) fail(kExitFailed, done.ending.reason);
  if (!problem.empty()) return fail(kExitFailed, problem);
  if (interrupted_by_ != 0) return 128 + interrupted_by_;
  return all_good(done) ? printed : kExitFailed;
}

Report LoadRun::report(Ending ending, OwnTime own, std::vector<std::string> notes) const {
  Report report(tally_);
  report.address = options().connect;
  report.protocol = options().mini ? "mini" : "frame";
  report.arrivals = scenario_.arrivals;
  if (inputs_.description) {
    report.pool = inputs_.description->pool;
    report.policy = inputs_.description->policy;
  }
  report.connections = options().concurrency;
  report.depth = scenario_.depth;
  report.seed = options().seed;
  report.open_loop = scenario_.open_loop;
  report.cost = scenario_.cost;
  report.servers = scenario_.servers;
  report.lower_bound = bound_of(scenario_, sent_);
  report.warm_up = &warm_up_;
  report.measured_from = options().warmup;
  report.distribution = options().distribution;
  report.ending = std::move(ending);
  report.own = own;
  report.threads = options().threads;
  report.elapsed = runner_.elapsed();
  report.notes = std::move(notes);
  return report;
}

int LoadRun::print(const Report& report) const {
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

}  // namespace finishline::client
