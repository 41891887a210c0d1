// Inside of the report: what text and JSON have in common, worked out once. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "client/report.h"
#include "client/step_tallies.h"

namespace finishline::client {

struct Percentile {
  const char* key;    // in JSON
  const char* title;  // in text
  double percent;
};
inline constexpr std::array<Percentile, 4> kPercentiles{
    {{"p50", "p50", 50}, {"p90", "p90", 90}, {"p99", "p99", 99}, {"p999", "p99.9", 99.9}}};

using Failure = std::pair<proto::Status, std::uint64_t>;

/// Requests that ended with another status than ok, or with their connection.
std::uint64_t failed_requests(const Tally& tally);
/// Each status other than ok that occurred, and how often.
std::vector<Failure> failures_of(const Tally& tally);
/// Each fault that occurred, and how often.
std::vector<std::pair<Fault, std::uint64_t>> faults_of(const Tally& tally);

/// Requests served, by makespan; 0 before there are any.
double throughput(const Report& report);
/// 0 of nothing.
Nanos mean_of(std::uint64_t micros, std::uint64_t count);

/// One row per step that something was sent in.
struct StepRow {
  Nanos begin{}, end{};     // from the start of the run; as far as it was measured
  double from = 0, to = 0;  // wanted, requests per second
  double answered = 0;      // ok replies per second that came in it
  const StepTally* tally;   // the report's
};
std::vector<StepRow> step_rows(const Report& report);

/// One row per server that is known, or that has done something.
struct ServerRow {
  std::string name, type;
  std::uint32_t slots = 1;
  ServerTally tally;
};
std::vector<ServerRow> server_rows(const Report& report);
/// The part of the run in which the client worked, or could have but had no core: at 1 it could not do more.
double busy_part(const Report& report);
/// Whether the client, and not the other side, may have set the limit, in words; empty when not.
std::vector<std::string> limits_of(const Report& report);
/// The part of the run that the server spent working, over all its slots.
double busy_part(const Report& report, const ServerRow& row);

}  // namespace finishline::client
