// What a worker has accepted and not finished, and how long that will take. Pure: time comes in as an
// argument.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "proto/c/finishline.h"
#include "proto/frame.h"
#include "proto/units.h"

namespace finishline::clib {

class Server;

/// One request on its way through a worker. Who works on it sees the finishline_work.
struct ServerJob : finishline_work {
  Server* server = nullptr;
  std::uint64_t serial = 0;      // of this server; never used again
  std::uint64_t connection = 0;  // where its reply goes
  proto::FrameHeader asked;
  std::vector<char> bytes;  // the body, and a 0
  Instant deadline{};       // when nobody wants it any more; Instant::max() without one
  Instant begun_at{};
  bool cancelled = false;  // the other side has taken it back since it was begun
  Nanos expected{};        // when it began it was thought to take so long
  Nanos took{};            // once it is finished

  std::uint64_t units() const { return asked.length == 0 ? 1 : asked.length; }
  std::size_t held_bytes() const { return sizeof *this + bytes.size(); }
};

/// First come, first served. How long a unit of a type takes is learned from what has been done.
class Workload {
 public:
  Workload(std::size_t max_waiting, std::size_t max_waiting_bytes)
      : max_waiting_(max_waiting), max_waiting_bytes_(max_waiting_bytes) {}

  std::size_t waiting() const { return waiting_.size(); }
  std::size_t running() const { return running_.size(); }

  /// Takes one that is to wait for its turn; false: there is no room for it.
  bool put(std::unique_ptr<ServerJob> job);
  /// The next one to work on, which finish() gets back; nullptr: nothing waits.
  ServerJob* begin(Instant now);
  /// Whether it has been begun and not finished.
  bool runs(std::uint64_t serial) const { return running_.contains(serial); }
  /// Gives it back, with how long it took. Only what was served teaches.
  std::unique_ptr<ServerJob> finish(ServerJob* job, Instant now, bool served);
  /// Nobody waits any more for what this connection has asked and nobody has begun. Returns how
  /// much that was.
  std::size_t withdraw(std::uint64_t connection);
  /// This connection has taken back what it has asked under this id. Returns it if nobody has begun it; else
  /// it is marked.
  std::unique_ptr<ServerJob> cancel(std::uint64_t connection, std::uint64_t id);
  void withdraw_all();

  /// Work that is accepted and not finished, summed over all slots; 0 as long as nothing is known.
  Nanos backlog(Instant now) const;

 private:
  void count(const ServerJob& job, std::int64_t sign);
  double nanos_for(char type, std::uint64_t units) const;

  std::size_t max_waiting_;
  std::size_t max_waiting_bytes_;
  std::deque<std::unique_ptr<ServerJob>> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::array<std::uint64_t, 256> waiting_units_{};               // by type
  std::map<std::uint64_t, std::unique_ptr<ServerJob>> running_;  // by serial
  std::array<double, 256> nanos_per_unit_{};                     // by type; 0: not known
};

}  // namespace finishline::clib
