// One piece of work for a command, and what came of it. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "proto/frame.h"
#include "servers/command_line.h"

namespace finishline::server {

struct Job {
  std::uint64_t tag = 0;         // the giver's own; comes back with the result
  std::uint64_t connection = 0;  // whose it is
  JobWords words;
  std::span<const std::byte> body{};  // lives until the result has come
  Nanos expected{};                   // about how long it will take
  std::optional<Instant> deadline{};  // nobody wants it later
};

struct JobResult {
  proto::Status status = proto::Status::ok;
  std::vector<std::byte> body{};  // of the reply: the output, or words about what went wrong
  Nanos service{};                // wall time
};

}  // namespace finishline::server
