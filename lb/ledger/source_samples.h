// Where traffic comes from: samples of client addresses, from the workers to the control process, by one ring
// per worker as for requests served (recording.h). Taken only while somebody watches, of each connection and
// of one request in kRequestsPerSample; what is not fetched in time is overwritten.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lb/ledger/ledger.h"
#include "proto/units.h"

namespace finishline::ledger {

struct SourceRing;  // source_ring.h

/// Samples kept of one worker.
inline constexpr std::uint32_t kRingSources = 4096;
inline constexpr std::uint32_t kRequestsPerSample = 16;

/// An address without its port, as IPv6 in network order; IPv4 lies at ::ffff:0:0/96. All zero: none.
using SourceHost = std::array<std::byte, 16>;

struct SourceSample {
  enum class Kind : std::uint8_t { request, connection };
  SourceHost host{};
  Kind kind = Kind::request;
  std::uint32_t stands_for = 1;  // so many of its kind
};

/// Has workers tell until then. Control only.
void watch_sources(Ledger& ledger, Instant until);

/// A worker's writer.
class SourceWriter {
 public:
  /// The ledger outlives it.
  SourceWriter(Ledger& ledger, WorkerId worker);

  /// Whether somebody wants to know: a relaxed load of a cell that hardly ever changes.
  bool watched(Instant now) const;
  /// A connection was let in.
  void connection(const SourceHost& host, Instant now);
  /// A request was answered: tells of one in kRequestsPerSample.
  template <class HostOf>
  void request(HostOf host_of, Instant now) {
    if (++requests_ % kRequestsPerSample != 0 || !watched(now)) return;
    if (const SourceHost host = host_of(); host != SourceHost{})
      write({.host = host, .kind = SourceSample::Kind::request, .stands_for = kRequestsPerSample});
  }

 private:
  void write(const SourceSample& sample);

  const Layout* layout_;  // borrowed from the ledger, as the ring
  SourceRing* ring_;
  std::uint32_t requests_ = 0;
};

/// Reads the rings of all workers; one object reads each sample once. The control process.
class SourceReader {
 public:
  /// Begins with what is written from now on.
  explicit SourceReader(const Ledger& ledger);
  /// Appends what is new.
  void read(std::vector<SourceSample>& to);

 private:
  void read(WorkerId worker, std::vector<SourceSample>& to);

  const Ledger& ledger_;
  std::vector<std::uint64_t> read_;  // by worker: samples fetched or missed so far
};

}  // namespace finishline::ledger
