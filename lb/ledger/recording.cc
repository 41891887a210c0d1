#include "lb/ledger/recording.h"

#include <algorithm>

#include "lb/ledger/layout.h"
#include "lb/ledger/worker_status.h"

namespace finishline::ledger {
namespace {

using Words = std::array<std::uint64_t, kRecordWords>;

std::uint64_t pair(std::uint64_t high, std::uint64_t low) { return high << 32 | (low & 0xffffffff); }

Words pack(const Record& record) {
  return {static_cast<std::uint64_t>(record.received_at.time_since_epoch().count()),
          pair(to_wire_us(record.service), to_wire_us(record.response)), pair(record.length, record.server),
          pair(record.pool, static_cast<std::uint64_t>(record.status) << 8 | record.type)};
}

Record unpack(const Words& words) {
  const auto high = [&](std::size_t i) { return static_cast<std::uint32_t>(words[i] >> 32); };
  const auto low = [&](std::size_t i) { return static_cast<std::uint32_t>(words[i]); };
  return {.received_at = Instant(Nanos(static_cast<std::int64_t>(words[0]))),
          .service = std::chrono::microseconds(high(1)),
          .response = std::chrono::microseconds(low(1)),
          .length = high(2),
          .server = low(2),
          .pool = high(3),
          .type = static_cast<RequestType>(low(3) & 0xff),
          .status = static_cast<proto::Status>(low(3) >> 8)};
}

}  // namespace

RecordWriter::RecordWriter(Ledger& ledger, WorkerId worker) : ring_(&ledger.layout().ring(worker)) {}

// Each word is released after the count that was stored before it, so whoever sees a word of the record that
// overwrites an old one also sees a count by which the old one is gone.
void RecordWriter::write(const Record& record) {
  const std::uint64_t number = ring_->written.load(std::memory_order_relaxed);
  const Words words = pack(record);
  auto& slot = ring_->records[number % kRingRecords];
  for (std::size_t i = 0; i < words.size(); ++i) slot[i].store(words[i], std::memory_order_release);
  ring_->written.store(number + 1, std::memory_order_release);  // publishes the words
}

RecordReader::RecordReader(const Ledger& ledger) : ledger_(ledger), read_(ledger.sizes().max_workers) {
  for (WorkerId worker = 0; worker < read_.size(); ++worker)
    read_[worker] = ledger.layout().ring(worker).written.load(std::memory_order_acquire);
}

std::uint64_t RecordReader::read(std::vector<Record>& to) {
  std::uint64_t missed = 0;
  for (WorkerId worker = 0; worker < worker_limit(ledger_); ++worker) missed += read(worker, to);
  return missed;
}

std::uint64_t RecordReader::read(WorkerId worker, std::vector<Record>& to) {
  const RecordRing& ring = ledger_.layout().ring(worker);
  const std::uint64_t end = ring.written.load(std::memory_order_acquire);
  std::uint64_t missed = 0;
  std::uint64_t& next = read_[worker];
  for (; next < end; ++next) {
    Words words;
    const auto& slot = ring.records[next % kRingRecords];
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = slot[i].load(std::memory_order_acquire);
    const std::uint64_t written = ring.written.load(std::memory_order_relaxed);
    if (written - next < kRingRecords) {
      to.push_back(unpack(words));
    } else {  // its slot is being written again, or was; so are the next ones, as far as the writer is ahead
      const std::uint64_t intact = std::min(written - kRingRecords + 1, end);
      missed += intact - next;
      next = intact - 1;
    }
  }
  return missed;
}

}  // namespace finishline::ledger
