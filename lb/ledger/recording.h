// Requests as they were served, from the workers to the control process: one ring per worker in shared
// memory, written by that worker alone and never waited for. What the reader does not fetch in time is
// overwritten, and counted. Workers write only while somebody reads (pool_row.h), so an unused ring costs no
// memory.
#pragma once

#include <cstdint>
#include <vector>

#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"
#include "proto/cost_model.h"
#include "proto/frame.h"

namespace finishline::ledger {

struct RecordRing;  // layout.h

/// Records of one worker: a tenth of a second at 160,000 requests/s.
inline constexpr std::uint32_t kRingRecords = 16384;

/// One request that a server has replied to.
struct Record {
  Instant received_at{};
  Nanos service{};   // how long the server worked on it; whole microseconds
  Nanos response{};  // from its receipt to the reply, in the proxy; whole microseconds
  std::uint32_t length = 0;
  ServerId server = 0;
  PoolId pool = 0;
  RequestType type = 0;
  proto::Status status = proto::Status::ok;
};

/// A worker's writer.
class RecordWriter {
 public:
  /// The ledger outlives it.
  RecordWriter(Ledger& ledger, WorkerId worker);
  void write(const Record& record);

 private:
  RecordRing* ring_;
};

/// Reads the rings of all workers; one object reads each record once. The control process.
class RecordReader {
 public:
  /// Begins with what is written from now on.
  explicit RecordReader(const Ledger& ledger);

  /// Appends what is new, by worker and in the order of the replies. Returns how many records were
  /// overwritten before they could be read.
  std::uint64_t read(std::vector<Record>& to);

 private:
  std::uint64_t read(WorkerId worker, std::vector<Record>& to);

  const Ledger& ledger_;
  std::vector<std::uint64_t> read_;  // by worker: records fetched or missed so far
};

}  // namespace finishline::ledger
