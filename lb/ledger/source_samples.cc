#include "lb/ledger/source_samples.h"

#include <algorithm>
#include <cstring>

#include "lb/ledger/layout.h"
#include "lb/ledger/worker_status.h"

namespace finishline::ledger {
namespace {

using SourceWords = std::array<std::uint64_t, kSourceWords>;

SourceWords words_of(const SourceSample& sample) {
  SourceWords words{};
  std::memcpy(words.data(), sample.host.data(), sample.host.size());
  words[2] = std::uint64_t{sample.stands_for} << 8 | static_cast<std::uint8_t>(sample.kind);
  return words;
}

SourceSample sample_of(const SourceWords& words) {
  SourceSample sample{.kind = static_cast<SourceSample::Kind>(words[2] & 0xff),
                      .stands_for = static_cast<std::uint32_t>(words[2] >> 8)};
  std::memcpy(sample.host.data(), words.data(), sample.host.size());
  return sample;
}

}  // namespace

void watch_sources(Ledger& ledger, Instant until) {
  ledger.layout().sources_watched_until.store(until.time_since_epoch().count(), std::memory_order_relaxed);
}

SourceWriter::SourceWriter(Ledger& ledger, WorkerId worker)
    : layout_(&ledger.layout()), ring_(&ledger.layout().source_ring(worker)) {}

bool SourceWriter::watched(Instant now) const {
  return layout_->sources_watched_until.load(std::memory_order_relaxed) > now.time_since_epoch().count();
}

void SourceWriter::connection(const SourceHost& host, Instant now) {
  if (watched(now) && host != SourceHost{}) write({.host = host, .kind = SourceSample::Kind::connection});
}

// As RecordWriter::write: each word is released after the count that was stored before it.
void SourceWriter::write(const SourceSample& sample) {
  const std::uint64_t number = ring_->written.load(std::memory_order_relaxed);
  const SourceWords words = words_of(sample);
  auto& slot = ring_->samples[number % kRingSources];
  for (std::size_t i = 0; i < words.size(); ++i) slot[i].store(words[i], std::memory_order_release);
  ring_->written.store(number + 1, std::memory_order_release);
}

SourceReader::SourceReader(const Ledger& ledger) : ledger_(ledger), read_(ledger.sizes().max_workers) {
  for (WorkerId worker = 0; worker < read_.size(); ++worker)
    read_[worker] = ledger.layout().source_ring(worker).written.load(std::memory_order_acquire);
}

void SourceReader::read(std::vector<SourceSample>& to) {
  for (WorkerId worker = 0; worker < worker_limit(ledger_); ++worker) read(worker, to);
}

/// What was overwritten, or is just being, is left out.
void SourceReader::read(WorkerId worker, std::vector<SourceSample>& to) {
  const SourceRing& ring = ledger_.layout().source_ring(worker);
  const std::uint64_t end = ring.written.load(std::memory_order_acquire);
  std::uint64_t& next = read_[worker];
  if (end - next >= kRingSources) next = end - kRingSources + 1;
  for (; next < end; ++next) {
    SourceWords words{};
    const auto& slot = ring.samples[next % kRingSources];
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = slot[i].load(std::memory_order_acquire);
    if (ring.written.load(std::memory_order_relaxed) - next < kRingSources) to.push_back(sample_of(words));
  }
}

}  // namespace finishline::ledger
