#include "lb/model/usage.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <random>

#include "lb/model/trace.h"

namespace finishline::model {
namespace {

constexpr double kDay = 86400, kWeek = 7 * kDay;
constexpr double kBusiestHour = 15, kHoursBetweenTypes = 3;
constexpr double kLingers = 0.8;        // of the noise, from step to step of 5 minutes
constexpr double kMostSpike = 4;        // times the load, on top of it
constexpr double kSpikeSeconds = 1800;  // until a third is left
constexpr std::int64_t kThursday = 3;   // 1 January 1970, counted from Monday

double unit(std::mt19937_64& generator) { return static_cast<double>(generator() >> 11) * 0x1.0p-53; }

/// Of mean 0 and deviation 1 (Box and Muller 1958), which the standard library leaves to each platform.
double normal(std::mt19937_64& generator) {
  const double size = std::sqrt(-2 * std::log1p(-unit(generator)));
  return size * std::cos(2 * std::numbers::pi * unit(generator));
}

struct Spike {
  double at_s, size;
};
std::vector<Spike> draw_spikes(const Usage& usage, std::mt19937_64& generator) {
  std::vector<Spike> spikes;
  const double end = usage.days * kDay;
  if (usage.spikes_per_week <= 0) return spikes;
  for (double at = 0;;) {
    at -= std::log1p(-unit(generator)) * kWeek / usage.spikes_per_week;
    if (at >= end) return spikes;
    spikes.push_back({at, kMostSpike * unit(generator)});
  }
}

/// What the clock makes of the load; 1 on the average day of the week's first five.
double season_at(const Usage& usage, std::int64_t time_s, std::size_t type) {
  const double hour = std::fmod(static_cast<double>(time_s), kDay) / 3600;
  const double busiest = kBusiestHour + kHoursBetweenTypes * static_cast<double>(type);
  const double wave = std::cos(2 * std::numbers::pi * (hour - busiest) / 24);
  const std::int64_t weekday = (time_s / static_cast<std::int64_t>(kDay) + kThursday) % 7;
  return (1 + usage.day_swing * wave) * (weekday >= 5 ? usage.weekend : 1);
}

double spikes_at(const std::vector<Spike>& spikes, double after_s) {
  double more = 0;
  for (const Spike& spike : spikes)
    if (after_s >= spike.at_s) more += spike.size * std::exp(-(after_s - spike.at_s) / kSpikeSeconds);
  return more;
}

std::vector<double> type_usage(const Usage& usage, std::size_t type, double rate) {
  std::seed_seq sequence{static_cast<std::uint32_t>(usage.seed), static_cast<std::uint32_t>(usage.seed >> 32),
                         static_cast<std::uint32_t>(type)};
  std::mt19937_64 generator(sequence);
  const std::vector<Spike> spikes = draw_spikes(usage, generator);
  const double lingers = std::pow(kLingers, static_cast<double>(usage.step_s) / 300);
  const auto steps = static_cast<std::int64_t>(usage.days * kDay) / usage.step_s;
  std::vector<double> load;
  double drift = 0;
  for (std::int64_t step = 0; step < steps; ++step) {
    const auto after = static_cast<double>(step * usage.step_s);
    drift = lingers * drift + std::sqrt(1 - lingers * lingers) * normal(generator);
    const double level = rate * std::pow(1 + usage.growth, after / kWeek) *
                         season_at(usage, usage.begin_s + step * usage.step_s, type);
    load.push_back(std::max(0.0, level * (1 + spikes_at(spikes, after)) * std::exp(usage.noise * drift)));
  }
  return load;
}

}  // namespace

std::vector<std::vector<double>> usage_of(const Usage& usage) {
  double shares = 0;
  for (const Share& type : usage.types) shares += type.amount;
  const double five_two = (5 + 2 * usage.weekend) / 7;  // so that the week has the rate
  std::vector<std::vector<double>> load;
  for (std::size_t type = 0; type < usage.types.size(); ++type)
    load.push_back(type_usage(usage, type, usage.rate / five_two * usage.types[type].amount / shares));
  return load;
}

double requests_of(const Usage& usage, Nanos step) {
  double requests = 0;
  for (const std::vector<double>& type : usage_of(usage))
    for (const double rate : type) requests += rate * to_seconds(step);
  return requests;
}

/// Within a step all gaps are exponential: where one ends does not tell when the next begins.
std::string usage_trace(const Usage& usage, const LengthLaw& lengths, Nanos step) {
  constexpr std::uint64_t kOfTraces = 0x7472616365;  // so that the load does not depend on them
  const auto load = usage_of(usage);
  std::mt19937_64 generator(usage.seed ^ kOfTraces);
  std::string text = "time_s,type,length\n";
  struct Arrival {
    Nanos at;
    std::size_t type;
  };
  std::vector<Arrival> arrivals;
  for (std::size_t i = 0; i < load.front().size(); ++i) {
    const double begin = static_cast<double>(i) * to_seconds(step), end = begin + to_seconds(step);
    arrivals.clear();
    for (std::size_t type = 0; type < load.size(); ++type)
      for (double at = begin; load[type][i] > 0;) {
        at -= std::log1p(-unit(generator)) / load[type][i];
        if (at >= end) break;
        arrivals.push_back({Nanos(std::llround(at * 1e9)), type});
      }
    std::ranges::stable_sort(arrivals, {}, &Arrival::at);
    for (const Arrival& it : arrivals)
      append_trace_row(text, it.at, usage.types[it.type].name, lengths.draw(unit(generator)));
  }
  return text;
}

std::string usage_csv(const Usage& usage, std::size_t type) {
  const auto load = usage_of(usage);
  std::string text = "time,value\n";
  std::array<char, 64> line{};
  for (std::size_t step = 0; step < load.front().size(); ++step) {
    double value = 0;
    for (std::size_t i = 0; i < load.size(); ++i)
      value += type == load.size() || type == i ? load[i][step] : 0;
    const std::int64_t at = usage.begin_s + static_cast<std::int64_t>(step) * usage.step_s;
    std::snprintf(line.data(), line.size(), "%lld,%.3f\n", static_cast<long long>(at), value);
    text += line.data();
  }
  return text;
}

}  // namespace finishline::model
