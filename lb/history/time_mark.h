// Something that happened, to be seen on every axis of time. Plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace finishline::history {

struct TimeMark {
  std::uint64_t id = 0;  // rises, over restarts, too
  double time = 0;       // Unix seconds
  std::string kind;      // "reload", "upgrade", "policy", "server", "worker_died", "alert", "change", "scale"
  std::string text;
};

constexpr std::size_t kMarksKept = 1000;  // the latest, in memory and on disk

}  // namespace finishline::history
