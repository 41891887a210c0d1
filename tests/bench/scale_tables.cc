// What servers for the peak, servers that follow the load and servers that are told by a forecast cost, and
// how many requests wait too long, on recorded days: scale_tables DIRECTORY [DAYS [RATE]].
//
// DIRECTORY/web/worldcup98_1min.csv has requests a minute to a web site, from 1998. Played are DAYS days of
// it, evenly spread over all that have two weeks before them, so nobody has picked them; each is stretched to
// RATE requests a second on the average. A day takes a minute or two: a forecast is made every five minutes.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "lb/control/series_file.h"
#include "lb/sim/recorded_day.h"
#include "proto/quantity.h"

namespace {

using namespace finishline;
using namespace finishline::sim;
namespace fs = std::filesystem;

constexpr std::size_t kDay = 86400 / kRecordedStep, kWeeksBefore = 14 * kDay;
constexpr std::array kProvisions{Provision::peak, Provision::reactive, Provision::predictive};

/// Time and value, whatever the header says.
forecast::Series series_in(const fs::path& file) {
  std::vector<forecast::LoadSample> samples;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    const auto comma = line.find(',');
    if (comma == std::string::npos) continue;
    const auto time = control::parse_time(line.substr(0, comma));
    const auto value = parse_number(line.substr(comma + 1));
    if (time && value) samples.push_back({*time, *value});
  }
  return forecast::regular(samples, {.step_s = kRecordedStep, .most_steps = 200 * kDay});
}

struct Sum {
  double requests = 0, late = 0, hours = 0;
};

void add(Sum& sum, const ScaleOutcome& it) {
  sum.requests += static_cast<double>(it.requests);
  sum.late += static_cast<double>(it.late);
  sum.hours += it.server_seconds / 3600;
}

std::string date_of(std::int64_t unix_s) {
  const std::time_t time = unix_s;
  std::array<char, 16> text{};
  std::strftime(text.data(), text.size(), "%F", std::gmtime(&time));
  return text.data();
}

void print_row(const std::string& day, Provision provision, const Sum& it, double peak_hours,
               const std::string& note) {
  std::printf("%-10s  %-10s %10.0f %8.0f %8.3f %% %13.0f %9.1f %%  %s\n", day.c_str(),
              std::string(name_of(provision)).c_str(), it.requests, it.late, 100 * it.late / it.requests,
              it.hours, 100 * (1 - it.hours / peak_hours), note.c_str());
}

void play(const forecast::Series& day, double rate, std::array<Sum, kProvisions.size()>& all) {
  const auto scenario = recorded_day(day, rate, 1);
  if (!scenario) return;
  const std::string date = date_of(day.time_of(day.size() - 1));
  double peak = 0;
  for (std::size_t i = 0; i < kProvisions.size(); ++i) {
    const ScaleOutcome outcome = play_scaling(*scenario, kProvisions[i]);
    Sum sum;
    add(sum, outcome);
    add(all[i], outcome);
    if (i == 0) peak = sum.hours;
    const std::string note = outcome.forecasts == 0
                                 ? ""
                                 : std::to_string(outcome.trusted) + " of " +
                                       std::to_string(outcome.forecasts) + " forecasts followed";
    print_row(date, kProvisions[i], sum, peak, note);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const fs::path file = fs::path(argc > 1 ? argv[1] : "") / "web/worldcup98_1min.csv";
  const auto days = static_cast<std::size_t>(argc > 2 ? std::max(std::atoi(argv[2]), 1) : 6);
  const double rate = argc > 3 ? std::max(std::atof(argv[3]), 0.1) : 2;
  if (!fs::exists(file)) {
    std::printf("There is no %s: say DATA=DIRECTORY.\n", file.c_str());
    return 1;
  }
  const forecast::Series series = series_in(file);
  const std::size_t whole = series.size() / kDay;
  if (whole <= 15) {
    std::puts("Too few days.");
    return 1;
  }
  std::puts("day         servers      requests     late      share  server-hours  below peak");
  std::array<Sum, kProvisions.size()> all{};
  for (std::size_t i = 0; i < days; ++i) {
    const std::size_t end = (15 + i * (whole - 15) / days) * kDay;
    play(series.part(end - kWeeksBefore - kDay, kWeeksBefore + kDay), rate, all);
  }
  for (std::size_t i = 0; i < kProvisions.size(); ++i)
    print_row("all", kProvisions[i], all[i], all[0].hours, "");
}
