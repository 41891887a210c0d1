// The progress line on a terminal. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proto/units.h"

namespace finishline::client {

struct Progress {
  std::uint64_t answered = 0;
  std::size_t open = 0;
  std::optional<std::uint64_t> requests;  // in all, where that is known
  Nanos elapsed{};
  Nanos duration{};  // of a run that is limited by time; 0: it is not
};

/// How much is done, from 0 to 1; nothing when neither requests nor duration is known.
std::optional<double> part_done(const Progress& progress);

/// "[#########.....]  62 %  186 of 300  412/s  16 open", with a rate of `answered_before` requests ago.
std::string progress_line(const Progress& progress, double per_second);

}  // namespace finishline::client
