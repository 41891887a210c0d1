#include "lb/cli/record_command.h"

#include <signal.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>

#include "lb/cli/admin_client.h"
#include "lb/control/recorder.h"
#include "lb/model/trace.h"

namespace finishline::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Nanos kPause = 200ms;  // between questions, unless there is more to fetch already

constexpr double kLongest = 366 * 86400.0;  // seconds

volatile std::sig_atomic_t interrupted = 0;

/// What the first line of a page says.
struct Heading {
  unsigned long long next = 0, missed = 0;
  double now_s = 0;
};

/// A row of the trace as JSON on one line, under the names of its columns.
std::string json_row(std::string_view row) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  std::istringstream columns{std::string(control::Recorder::kColumns)}, values{std::string(row)};
  std::string column, value;
  while (std::getline(columns, column, ',') && std::getline(values, value, ',')) {
    while (column.ends_with('\n')) column.pop_back();
    auto number = nlohmann::ordered_json::parse(value, nullptr, false);
    object[column] = number.is_number() ? std::move(number) : nlohmann::ordered_json(value);
  }
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// What has been fetched so far.
class Trace {
 public:
  explicit Trace(bool json) : json_(json) {}
  /// Prints the rows of a page; false when it is none.
  bool take(const std::string& page);
  std::string from() const { return began_ ? "?from=" + std::to_string(heading_.next) : ""; }
  bool more() const { return rows_in_page_ == control::Recorder::kRows; }
  unsigned long long rows() const { return rows_; }
  unsigned long long missed() const { return missed_; }

 private:
  void print(std::string_view row);

  const bool json_;
  bool began_ = false;
  double began_at_s_ = 0;
  Heading heading_;
  std::size_t rows_in_page_ = 0;
  unsigned long long rows_ = 0, missed_ = 0;
};

bool Trace::take(const std::string& page) {
  if (std::sscanf(page.c_str(), "# next=%llu missed=%llu now_s=%lf", &heading_.next, &heading_.missed,
                  &heading_.now_s) != 3)
    return false;
  if (!began_) {
    began_ = true;
    began_at_s_ = heading_.now_s;
    if (!json_) std::fputs(std::string(control::Recorder::kColumns).c_str(), stdout);
  }
  missed_ += heading_.missed;
  rows_in_page_ = 0;
  std::size_t line = page.find('\n') + 1;
  line = page.find('\n', line) + 1;  // the columns' names stand once
  for (std::size_t end; (end = page.find('\n', line)) != std::string::npos; line = end + 1)
    print(std::string_view(page).substr(line, end - line));
  std::fflush(stdout);
  return true;
}

/// With times from the beginning of the recording; what came before it is no part of it.
void Trace::print(std::string_view row) {
  ++rows_in_page_;
  const double at_s = std::strtod(row.data(), nullptr) - began_at_s_;
  if (at_s < 0) return;
  ++rows_;
  std::string text;
  model::append_seconds(text, Nanos(static_cast<std::int64_t>(at_s * 1e9)));
  text.append(row.substr(row.find(','))).append("\n");
  std::fputs((json_ ? json_row(std::string_view(text).substr(0, text.size() - 1)) : text).c_str(), stdout);
}

/// False after a complaint.
bool fetch(const AdminCommand& command, const std::string& pool, Trace& trace) {
  const auto page = command.get("/pools/" + pool + "/record" + trace.from());
  if (!page) return false;
  if (trace.take(*page)) return true;
  command.complain_of_stranger();
  return false;
}

/// Returns the exit code.
int record(const AdminCommand& command, const std::string& pool, double seconds, bool json) {
  Trace trace(json);
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  for (bool last = false; !last;) {
    last = interrupted != 0 || Clock::now() >= end;
    if (!fetch(command, pool, trace)) return command.failure();
    if (last || trace.more()) continue;
    const std::chrono::duration<double> left = end - Clock::now();
    std::this_thread::sleep_for(std::min<std::chrono::duration<double>>(kPause, left));
  }
  std::fprintf(stderr, "%llu requests of pool %s", trace.rows(), pool.c_str());
  if (trace.missed() > 0) std::fprintf(stderr, ", %llu more came too fast to be recorded", trace.missed());
  std::fputs("\n", stderr);
  return 0;
}

}  // namespace

int run_record_command(int argc, char** argv) {
  AdminCommand command(
      "Prints the requests of a pool as they are served, as a trace for 'finishline sim --trace'",
      "finishline record");
  std::string pool;
  double seconds = 60;
  bool json = false;
  command.add_word("POOL", pool, AdminCommand::Presence::required, "the pool's name in the configuration");
  command.add_positive("--seconds", seconds, kLongest, "for how long; Ctrl-C ends it early");
  command.add_json_flag(json);
  command.add_examples({"finishline record media --seconds 10 -c finishline.toml >trace.csv",
                        "finishline record media -c finishline.toml --json"});
  if (const auto code = command.parse(argc, argv)) return *code;
  if (!command.send_token()) return kBadUse;
  ::signal(SIGINT, [](int) { interrupted = 1; });
  ::signal(SIGTERM, [](int) { interrupted = 1; });
  return record(command, pool, seconds, json);
}

}  // namespace finishline::cli
