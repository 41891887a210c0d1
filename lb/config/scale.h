// Which servers of a pool are started and ended as the work needs them, and when. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "lb/config/choices.h"
#include "lb/sched/scale_rule.h"
#include "proto/units.h"

namespace finishline::config {

/// [pool.NAME.scale.TYPE]: servers of one type that are started as the work needs them.
struct ScaledServers {
  std::string type;     // as in the header
  std::string command;  // words; {name}, {type} and {port} are replaced; "": on other machines
  std::uint32_t min = 0, max = 0;
  double price = 1;
  std::string ports;                              // "20000..20099"; "": the kernel chooses
  std::string user;                               // that the process becomes; "": the proxy's own
  std::string log;                                // file that it writes to; "": nowhere
  std::uint64_t max_memory = 0;                   // bytes; 0: no limit
  std::uint32_t max_files = 0;                    // 0: no limit of its own
  Nanos start_timeout = std::chrono::minutes(5);  // until it listens
  Nanos stop_timeout = 10s;                       // between SIGTERM and SIGKILL
  Mode protocol = Mode::frame;                    // this and what follows as in Server
  std::string path = "/{type}";
  double speed = 1.0;
  std::uint32_t slots = 1;
  std::uint32_t links = 1;
  double capacity = 100;
  bool operator==(const ScaledServers&) const = default;
};

/// [pool.NAME.scale]: lb/sched/scale_rule.h says how these work together.
struct Scale {
  sched::ScaleBy by = sched::ScaleBy::work;
  double up_over = 0;      // percent; 0: as the rule has it
  double down_under = 20;  // percent
  double hysteresis = 20;  // percent
  Nanos cooldown_up = 3s;
  Nanos cooldown_down = 60s;
  Nanos settle = std::chrono::minutes(5);
  Nanos min_life = 60s;
  Nanos catch_up = 2s;
  bool one_step = false;
  bool rehearse = false;
  bool predict = false;
  Nanos predict_ahead = std::chrono::minutes(10);
  std::string command{};  // for servers on other machines: words; "": none
  std::string webhook{};  // likewise; "": none
  Nanos timeout = 30s;    // of either
  std::uint32_t attempts = 3;
  double weight_requests = 1, weight_cpu = 0, weight_memory = 0;
  std::vector<ScaledServers> servers{};  // by type
  bool operator==(const Scale&) const = default;
};

}  // namespace finishline::config
