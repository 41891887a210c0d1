// What a server tells of itself: plain values, and the pages that show them. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "proto/frame.h"
#include "proto/process_usage.h"
#include "proto/server_vitals.h"
#include "servers/options.h"

namespace finishline::server {

struct ServerStatus {
  std::string type;
  std::uint32_t slots = 1;
  std::size_t connections = 0;
  std::size_t queued = 0;  // requests that are worked on or wait for it
  bool draining = false;
  Nanos backlog{};
  Nanos uptime{};
  ProcessUsage usage{};
  double cpu_ratio = 0;  // of one core
  std::uint64_t received = 0;
  std::array<std::uint64_t, proto::kStatusCount> answered{};  // by status
};

proto::ServerVitals vitals_of(const ServerStatus& status);
/// A sentence for people.
std::string sentence_of(const ServerStatus& status);
/// Text exposition format 0.0.4.
std::string metrics_of(const ServerStatus& status);
/// JSON: what this server can do, and what one unit of each costs. Sample data for who tries HTTP out.
std::string data_of(const Options& options);

}  // namespace finishline::server
