#include "client/report_facts.h"

#include <algorithm>

#include "proto/quantity.h"

namespace finishline::client {
namespace {

constexpr double kBusy = 0.9, kIdle = 0.5;
constexpr double kNearBound = 1.05;
constexpr std::size_t kPlacesPerSlot = 2;  // of servers: with fewer requests open some wait for the client
constexpr Nanos kTooShort = 100ms;         // to judge how busy one was
constexpr Nanos kLate = 1ms;

std::string per_cent(double part) { return std::to_string(static_cast<int>(part * 100 + 0.5)) + " %"; }

/// Where a good part of it was waiting.
std::string core_words(const Report& report) {
  const double waited = to_seconds(report.own.waited) / to_seconds(report.elapsed);
  return waited < 0.2 ? "" : ", " + per_cent(waited) + " waiting for a core";
}

const ServerSpec* server_numbered(const Report& report, std::size_t number) {
  const auto at = std::find_if(report.servers.begin(), report.servers.end(),
                               [number](const ServerSpec& server) { return server.number == number; });
  return at == report.servers.end() ? nullptr : &*at;
}

}  // namespace

std::uint64_t failed_requests(const Tally& tally) {
  std::uint64_t failed = tally.lost_requests();
  for (std::size_t i = 1; i < Tally::kStatuses; ++i)
    failed += tally.with_status(static_cast<proto::Status>(i));
  return failed;
}

std::vector<Failure> failures_of(const Tally& tally) {
  std::vector<Failure> failures;
  for (std::size_t i = 1; i < Tally::kStatuses; ++i) {
    const auto status = static_cast<proto::Status>(i);
    if (tally.with_status(status) > 0) failures.emplace_back(status, tally.with_status(status));
  }
  return failures;
}

std::vector<std::pair<Fault, std::uint64_t>> faults_of(const Tally& tally) {
  std::vector<std::pair<Fault, std::uint64_t>> faults;
  for (std::size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (tally.wrong_by(fault) > 0) faults.emplace_back(fault, tally.wrong_by(fault));
  }
  return faults;
}

double throughput(const Report& report) {
  const Nanos makespan = report.tally.makespan();
  return makespan > 0ns ? static_cast<double>(report.tally.ok()) / to_seconds(makespan) : 0.0;
}

Nanos mean_of(std::uint64_t micros, std::uint64_t count) {
  return count == 0 ? 0ns : Nanos{static_cast<std::int64_t>(micros * 1000 / count)};
}

std::vector<ServerRow> server_rows(const Report& report) {
  std::vector<ServerRow> rows;
  const auto& tallies = report.tally.servers();
  for (const ServerSpec& server : report.servers) {
    if (tallies.empty()) break;  // replies did not say who served them
    ServerRow row{server.name, report.cost.server_types()[server.type], server.slots, {}};
    if (server.number < tallies.size()) row.tally = tallies[server.number];
    rows.push_back(std::move(row));
  }
  for (std::size_t number = 0; number < tallies.size(); ++number) {
    if (tallies[number].ok == 0 || server_numbered(report, number) != nullptr) continue;
    rows.push_back({"server " + std::to_string(number), "", 1, tallies[number]});
  }
  return rows;
}

std::vector<StepRow> step_rows(const Report& report) {
  std::vector<StepRow> rows;
  const StepTallies& steps = report.tally.steps();
  const Nanos last = report.tally.last_reply() - steps.start();
  for (std::size_t i = 0; i < steps.all().size(); ++i) {
    const StepTally& tally = steps.all()[i];
    if (tally.sent == 0) continue;
    const model::Pace& pace = steps.pace();
    StepRow row{std::max(pace.begin_of(i), report.measured_from),
                pace.begin_of(i + 1),
                pace.stretches()[i].from,
                pace.stretches()[i].to,
                0,
                &tally};
    const bool cut = report.ending.kind != Ending::Kind::complete && last < row.end;
    if (cut) row.end = std::max(last, row.begin);
    if (row.end > row.begin)
      row.answered = static_cast<double>(tally.answered) / to_seconds(row.end - row.begin);
    rows.push_back(row);
  }
  return rows;
}

double busy_part(const Report& report, const ServerRow& row) {
  const double time = to_seconds(report.tally.makespan()) * row.slots;
  return time > 0 ? static_cast<double>(row.tally.service_us) * 1e-6 / time : 0.0;
}

double busy_part(const Report& report) {
  if (report.elapsed <= 0ns) return 0;
  return std::min(to_seconds(report.own.busy()) / to_seconds(report.elapsed), 1.0);
}

namespace {

std::string why_late(const Report& report, double busy) {
  if (report.depth > 0) return "as its connections had no room: more --concurrency or --pipeline";
  if (busy < kIdle) return "as this machine was busy with something else";
  return "as the client could not keep up with the rate" + core_words(report);
}

/// The lower bound is for servers that always have all the work that was asked for until then.
std::string bound_note(const Report& report) {
  const auto ratio = ratio_of(report);
  if (!ratio || *ratio < kNearBound || report.open_loop) return "";
  std::size_t slots = 0;
  for (const ServerSpec& server : report.servers) slots += server.slots;
  const std::size_t places = std::size_t{report.connections} * report.depth;
  const bool few = report.depth > 0 && places < kPlacesPerSlot * slots;
  if (!few && report.tally.refusals() == 0) return "";
  return std::string("the lower bound does not know that ") +
         (few ? "no more than " + std::to_string(places) + " requests can be open in this closed loop"
              : "requests were refused for a while") +
         ": here the ratio tells more of that than of how work was scheduled";
}

}  // namespace

std::vector<std::string> limits_of(const Report& report) {
  std::vector<std::string> limits;
  const double busy = busy_part(report);
  if (busy > kBusy && report.elapsed > kTooShort)
    limits.push_back(
        "the client was busy " + per_cent(busy) + " of the run" + core_words(report) +
        ": it may be the limit, not the other side; give it more --threads, or share the load among several");
  if (const std::string note = bound_note(report); !note.empty()) limits.push_back(note);
  const Nanos late = report.tally.lateness().percentile(99), latency = report.tally.latency().percentile(99);
  if (!report.open_loop || late < kLate || late < latency / 10) return limits;
  limits.push_back("one request in 100 left " + human(late) + " or more after its time, " +
                   why_late(report, busy) + "; latencies count from that time");
  return limits;
}

bool all_good(const Report& report) {
  const auto good = [](const Tally& tally) { return tally.ok() == tally.sent() && tally.all_wrong() == 0; };
  return report.ending.kind == Ending::Kind::complete && good(report.tally) &&
         (report.warm_up == nullptr || good(*report.warm_up));
}

std::optional<Nanos> bound_of(const Report& report) {
  const Tally& tally = report.tally;
  if (!report.lower_bound || *report.lower_bound <= 0ns || tally.ok() != tally.sent()) return std::nullopt;
  return report.lower_bound;
}

bool faster_than_declared(const Report& report) {
  const auto bound = bound_of(report);
  return bound && report.tally.makespan() < *bound;
}

std::optional<double> ratio_of(const Report& report) {
  const auto bound = bound_of(report);
  if (!bound || faster_than_declared(report)) return std::nullopt;
  return to_seconds(report.tally.makespan()) / to_seconds(*bound);
}

}  // namespace finishline::client
