// What servers that stay as they are, servers that follow the load and servers that are told by a forecast
// cost, and how many requests wait too long, on recorded days: scale_tables DIRECTORY [DAYS [RATE
// [PLOT.svg]]].
//
// DIRECTORY/web has requests to two web sites, worldcup98_1min.csv of 1998 and nasa_http_1s.tbz2 of 1995;
// those that are there are used. Played are DAYS days of each, evenly spread over all that are complete and
// have two weeks before them, so nobody has picked them; each is stretched to RATE requests a second on the
// average, so many that chance alone makes hardly any wait. `static` is enough for the highest five minutes
// of the day and of the two weeks before it, `peak` for those of the day alone, which nobody knows
// beforehand.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "lb/cli/scale_plot.h"
#include "lb/sim/recorded_day.h"
#include "lb/sim/scale_mix.h"
#include "tests/bench/recorded_series.h"

namespace {

using namespace finishline;
using namespace finishline::sim;
namespace fs = std::filesystem;

constexpr std::size_t kDay = 86400 / kRecordedStep, kWeeksBefore = 14 * kDay;
constexpr std::array kProvisions{Provision::peak, Provision::reactive, Provision::predictive};
constexpr double kDefaultRate = 10;
constexpr double kStaticShare = 0.999;  // of all steps, that static servers are enough for

struct Recording {
  const char* file;
  const char* title;
};
constexpr std::array kRecordings{Recording{"web/worldcup98_1min.csv", "World Cup"},
                                 Recording{"web/nasa_http_1s.tbz2", "NASA"}};

struct Row {
  double requests = 0, late = 0, hours = 0;

  void add(const Row& other) {
    requests += other.requests;
    late += other.late;
    hours += other.hours;
  }
};

/// Of one day, or of all.
struct Table {
  Row fixed;
  std::array<Row, kProvisions.size()> played;

  void add(const Table& other) {
    fixed.add(other.fixed);
    for (std::size_t i = 0; i < played.size(); ++i) played[i].add(other.played[i]);
  }
};

std::string date_of(std::int64_t unix_s) {
  const std::time_t time = unix_s;
  std::array<char, 16> text{};
  std::strftime(text.data(), text.size(), "%F", std::gmtime(&time));
  return text.data();
}

void print_row(const std::string& day, std::string_view servers, const Row& it, const Table& table,
               const std::string& note) {
  std::array<char, 40> late{};
  if (it.requests > 0)
    std::snprintf(late.data(), late.size(), "%8.0f %8.3f %%", it.late, 100 * it.late / it.requests);
  std::printf("%-22s %-10s %19s %12.0f %10.1f %% %9.1f %%  %s\n", day.c_str(), std::string(servers).c_str(),
              late.data(), it.hours, 100 * (1 - it.hours / table.fixed.hours),
              100 * (1 - it.hours / table.played[0].hours), note.c_str());
}

void print_table(const std::string& day, const Table& table, const std::string& note) {
  print_row(day, "static", table.fixed, table, "");
  for (std::size_t i = 0; i < kProvisions.size(); ++i)
    print_row(day, name_of(kProvisions[i]), table.played[i], table,
              kProvisions[i] == Provision::predictive ? note : "");
  std::fflush(stdout);
}

/// The ends of `count` days of the series.
std::vector<std::size_t> days_to_play(const forecast::Series& series, std::size_t count) {
  std::vector<std::size_t> whole, chosen;
  for (std::size_t end = kWeeksBefore + kDay; end <= series.size(); end += kDay)
    if (std::ranges::none_of(series.part(end - kDay, kDay).values, forecast::is_missing))
      whole.push_back(end);
  for (std::size_t i = 0; i < std::min(count, whole.size()); ++i)
    chosen.push_back(whole[i * whole.size() / std::min(count, whole.size())]);
  return chosen;
}

struct Played {
  std::vector<cli::ScalePanel> panels;
  Table all;
};

void play(const std::string& name, const forecast::Series& day, double rate, Played& played) {
  auto scenario = recorded_day(day, rate, 1);
  if (!scenario) return;
  cli::ScalePanel panel{.title = name + ", " + date_of(day.time_of(day.size() - 1)),
                        .scenario = std::move(*scenario),
                        .outcomes = {}};
  Table table;
  table.fixed.hours = 24.0 * static_servers(panel.scenario, kStaticShare);
  for (std::size_t i = 0; i < kProvisions.size(); ++i) {
    ScaleOutcome& it = panel.outcomes.emplace_back(play_scaling(panel.scenario, kProvisions[i]));
    table.played[i] = {.requests = static_cast<double>(it.requests),
                       .late = static_cast<double>(it.late),
                       .hours = it.server_seconds / 3600};
  }
  const ScaleOutcome& told = panel.outcomes.back();
  print_table(panel.title, table,
              std::to_string(told.trusted) + " of " + std::to_string(told.forecasts) + " forecasts followed");
  played.all.add(table);
  played.panels.push_back(std::move(panel));
}

void play_recording(const Recording& recording, const fs::path& file, std::size_t days, double rate,
                    Played& played) {
  if (!fs::exists(file)) return void(std::printf("There is no %s.\n", file.c_str()));
  forecast::Series series =
      forecast::regular(bench::samples_of(file), {.step_s = kRecordedStep, .most_steps = 200 * kDay});
  forecast::mark_outages(series);
  for (const std::size_t end : days_to_play(series, days))
    play(recording.title, series.part(end - kWeeksBefore - kDay, kWeeksBefore + kDay), rate, played);
}

void print_sum(const Table& all) {
  const Row &reactive = all.played[1], &predictive = all.played[2];
  print_table("all", all, "");
  std::printf(
      "\nWith a forecast %.2f times as many were late as without one (at most 0.50 wanted), for %+.1f %% "
      "server-hours\n(at most +10 %%) and %.1f %% fewer than static servers (at least 40 %%).\n",
      predictive.late / std::max(reactive.late, 1.0), 100 * (predictive.hours / reactive.hours - 1),
      100 * (1 - predictive.hours / all.fixed.hours));
}

}  // namespace

int main(int argc, char** argv) {
  const fs::path directory = argc > 1 ? argv[1] : "";
  const auto days = static_cast<std::size_t>(argc > 2 ? std::max(std::atoi(argv[2]), 1) : 6);
  const double rate = argc > 3 ? std::max(std::atof(argv[3]), 0.1) : kDefaultRate;
  std::puts(
      "day                    servers          late      share  server-hours  below static  below peak");
  Played played;
  for (const Recording& recording : kRecordings)
    play_recording(recording, directory / recording.file, days, rate, played);
  if (played.panels.empty()) {
    std::puts("Nothing was played: say DATA=DIRECTORY.");
    return 1;
  }
  print_sum(played.all);
  if (argc <= 4) return 0;
  std::ofstream(argv[4], std::ios::binary) << cli::scale_plot(played.panels);
  std::printf("%s shows them.\n", argv[4]);
}
