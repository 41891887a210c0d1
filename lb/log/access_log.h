// The access log: one JSON line per request or stream that is told of. Like the log (log.h) there is one per
// process, it never waits, and what is written goes out whole or not at all. Worker processes write it; the
// master opens it anew.
//
//   {"time":"2026-11-22T15:04:05.123Z","worker":0,"listener":"media","client":"127.0.0.1:40112","pool":"media",
//    "type":"video","length":3,"server":"video-1","status":"ok","waiting_ms":0.000,"service_ms":3.000,
//    "total_ms":3.142,"attempts":1,"why":"makespan","told":"slow"}
//   {"time":"2026-11-22T15:04:07.456Z","worker":0,"listener":"redis","client":"127.0.0.1:40113","pool":"redis",
//    "server":"redis-1","ended":"finished","waiting_ms":0.214,"total_ms":5120.003,"bytes_in":1200,"bytes_out":88000,
//    "attempts":1,"told":"share"}
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/units.h"

namespace finishline::log {

/// A request that was answered.
struct AccessedRequest {
  std::uint32_t worker = 0;
  std::string_view listener, client;
  std::string_view pool;  // "": it came to none
  std::string_view type;  // or the letter of one that is not known
  std::uint32_t length = 0;
  std::string_view server;  // "": it was at none, in the end
  std::string_view status;
  Nanos waiting{};  // until it was sent to that server
  Nanos service{};  // as the server says; 0: it does not
  Nanos total{};    // arrival to answer
  std::uint32_t attempts = 0;
  std::string_view why;   // that server
  std::string_view told;  // why there is a line
};

/// A connection of opaque bytes that has ended.
struct AccessedStream {
  std::uint32_t worker = 0;
  std::string_view listener, client, pool;
  std::string_view server;    // "": it was at none
  std::string_view ended;     // why
  Nanos waiting{};            // until its server had taken it; total, when none had
  Nanos total{};              // from its arrival to its end
  std::int64_t bytes_in = 0;  // of the client
  std::int64_t bytes_out = 0;
  std::uint32_t attempts = 0;  // servers that were tried
  std::string_view told;
};

/// With its end of line.
void append_access_line(std::string& to, const AccessedRequest& entry,
                        std::chrono::system_clock::time_point at);
void append_access_line(std::string& to, const AccessedStream& entry,
                        std::chrono::system_clock::time_point at);

/// From now on lines go to this file, which is appended to; "": to none. The reason when it cannot be opened;
/// then there is none.
std::string start_access_log(const std::string& file);
/// The file under its name, which may be another one now. The reason when it cannot be opened; it then goes
/// on where it was.
std::string reopen_access_log();
/// In a file that another process has opened, for one that may not. Owns `fd`.
void continue_access_log_in(int fd);
/// -1: there is none.
int access_log_descriptor();
/// Lines that are written together stay together where they are at most so many bytes: a pipe may be shared.
inline constexpr std::size_t kAccessBatch = 4096;
/// Whole lines. False when they were lost: nobody reads, or the disk is full.
bool write_access(std::string_view lines);

}  // namespace finishline::log
