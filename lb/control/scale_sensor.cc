#include "lb/control/scale_sensor.h"

#include <algorithm>

#include "lb/ledger/demand.h"
#include "lb/ledger/metrics.h"
#include "lb/ledger/scaled_server.h"

namespace finishline::control {
namespace {

constexpr Nanos kLeastWindow = 500ms;

/// The lanes of a type are one here.
std::vector<double> by_type(const std::vector<double>& lanes, const ScalePool& pool) {
  std::vector<double> types(pool.kinds.front().seconds_per_unit.size());
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    const std::size_t type = lane / pool.lanes_per_type;
    if (type < types.size()) types[type] += lanes[lane];
  }
  return types;
}

}  // namespace

ScaleSensor::Counted ScaleSensor::count(const ScalePool& pool, const std::vector<std::uint64_t>& arrived,
                                        Instant now) const {
  const ledger::MetricsReader reader(ledger_);
  Counted counted{
      .at = now, .arrived = by_type(std::vector<double>(arrived.begin(), arrived.end()), pool), .busy = {}};
  for (const ScaleMember& member : pool.members)
    counted.busy.push_back(reader.total(member.row, ledger::ServerCell::service_us));
  return counted;
}

sched::ScaleReading ScaleSensor::read(const ScalePool& pool, const Vitals& vitals, Instant now) {
  const std::size_t types = pool.kinds.front().seconds_per_unit.size();
  const ledger::DemandSum demand = ledger::sum_demand(ledger_, pool.row, types * pool.lanes_per_type);
  Counted counted = count(pool, demand.arrived, now);
  const Nanos window = std::max(pool.scale.catch_up, kLeastWindow);
  if (!counted_.empty() && counted_.back().busy.size() != counted.busy.size()) counted_.clear();
  while (counted_.size() > 1 && now - counted_[1].at >= window) counted_.pop_front();
  sched::ScaleReading reading{
      .kinds = {}, .arriving = {}, .waiting = by_type(demand.waiting, pool), .forecast = {}};
  reading.arriving.resize(types);
  if (!counted_.empty()) {
    const double seconds = std::max(to_seconds(now - counted_.front().at), 1e-3);
    for (std::size_t type = 0; type < types; ++type)
      reading.arriving[type] =
          std::max(0.0, counted.arrived[type] - counted_.front().arrived[type]) / seconds;
  }
  read_members(pool, vitals, counted, reading);
  counted_.push_back(std::move(counted));
  return reading;
}

/// Whether it is one of those that come and go.
void ScaleSensor::count_in(const ScalePool& pool, const ScaleMember& member, bool serves, Instant now,
                           sched::KindReading& kind) {
  if (member.scaled) {
    const ledger::ScaledServer process = ledger::scaled_server(ledger_, member.row);
    if (process.counts()) {
      kind.started.push_back(process.since);
      kind.starting += serves ? 0 : 1;
    } else if (process.life == ledger::ScaledLife::given_up) {
      ++kind.given_up;
    }
  } else if (!serves) {
    seen_.erase(member.row);
  } else if (pool.elsewhere[member.kind]) {
    kind.started.push_back(seen_.try_emplace(member.row, now).first->second);
  } else {
    ++kind.fixed;
  }
}

/// Of the servers that are there or on their way; load is that of those that serve.
void ScaleSensor::read_members(const ScalePool& pool, const Vitals& vitals, const Counted& now,
                               sched::ScaleReading& reading) {
  reading.kinds.resize(pool.kinds.size());
  double load = 0;
  for (std::size_t i = 0; i < pool.members.size(); ++i) {
    const ScaleMember& member = pool.members[i];
    const bool serves = takes_work(ledger_.state(member.row));
    count_in(pool, member, serves, now.at, reading.kinds[member.kind]);
    if (member.scaled && !ledger::scaled_server(ledger_, member.row).counts()) continue;
    if (!serves) continue;
    ++reading.serving;
    const double seconds = counted_.empty() ? 0 : to_seconds(now.at - counted_.front().at);
    const double busy =
        seconds <= 0 ? 0 : static_cast<double>(now.busy[i] - counted_.front().busy[i]) / 1e6 / seconds;
    load += load_of(pool, member, busy / member.slots, vitals);
  }
  if (reading.serving > 0) reading.load = load / reading.serving;
}

double ScaleSensor::load_of(const ScalePool& pool, const ScaleMember& member, double busy,
                            const Vitals& vitals) const {
  if (pool.streams) return ledger::percent(ledger_.books(member.row).owed) / 100;
  const config::Scale& scale = pool.scale;
  double sum = scale.weight_requests * busy, weights = scale.weight_requests;
  if (member.row < vitals.size() && vitals[member.row]) {
    sum += scale.weight_cpu * vitals[member.row]->cpu_percent / 100 / member.slots;
    weights += scale.weight_cpu;
    if (member.max_memory > 0) {
      sum += scale.weight_memory * static_cast<double>(vitals[member.row]->memory_bytes) /
             static_cast<double>(member.max_memory);
      weights += scale.weight_memory;
    }
  }
  return weights > 0 ? sum / weights : busy;
}

}  // namespace finishline::control
