// How a service is used over days and weeks, made up: typed requests per second with the seasons of day and
// week, growth, noise and spikes. For trying forecasts and scaling without a history of one's own. Pure: the
// same values give the same load.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lb/model/traffic.h"

namespace finishline::model {

struct Usage {
  std::int64_t begin_s = 1767571200;  // since 1970: Monday, 5 January 2026
  std::int64_t step_s = 300;
  std::uint32_t days = 28;
  double rate = 100;           // requests per second of all types on the average of the first week
  std::vector<Share> types;    // their shares of it; each type has hours of its own
  double day_swing = 0.6;      // 0: day and night alike; 1: nothing at the quietest hour
  double weekend = 0.6;        // the load on Saturday and Sunday, as a share of other days'
  double growth = 0.05;        // per week
  double noise = 0.08;         // standard deviation of a step, as a share; it lingers for some steps
  double spikes_per_week = 1;  // at random times: up to five times the load, gone within an hour or two
  std::uint64_t seed = 1;
};

/// Requests per second, [type][step], never negative. At least one type; step_s > 0.
std::vector<std::vector<double>> usage_of(const Usage& usage);

/// A trace (lb/model/trace.h) of single requests that come at random, at these rates, where a step lasts
/// `step`: time_s,type,length, from 0 on.
std::string usage_trace(const Usage& usage, const LengthLaw& lengths, Nanos step);
/// How many requests such a trace has on the average.
double requests_of(const Usage& usage, Nanos step);

/// `time,value` and a line per step, of one type or, as `type` is types.size(), of all together.
std::string usage_csv(const Usage& usage, std::size_t type);

}  // namespace finishline::model
