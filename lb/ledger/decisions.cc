#include "lb/ledger/decisions.h"

#include <algorithm>

#include "lb/ledger/layout.h"
#include "lb/ledger/worker_status.h"

namespace finishline::ledger {
namespace {

using DecisionText = std::array<std::uint64_t, kDecisionWords>;
constexpr std::size_t kFirstAlternative = kDecisionWords - kAlternatives;

std::uint64_t halves(std::uint64_t high, std::uint64_t low) { return high << 32 | (low & 0xffffffff); }
std::uint64_t nanos_of(Instant instant) {
  return static_cast<std::uint64_t>(instant.time_since_epoch().count());
}
Instant instant_of(std::uint64_t nanos) { return Instant(Nanos(static_cast<std::int64_t>(nanos))); }

DecisionText pack_decision(const Decision& decision) {
  DecisionText words{};
  words[0] = nanos_of(decision.received_at);
  words[1] = nanos_of(decision.decided_at);
  words[2] = halves(decision.length, decision.server);
  words[3] = halves(decision.pool, static_cast<std::uint64_t>(decision.why) << 16 |
                                       std::uint64_t{decision.priority} << 8 | decision.type);
  words[4] = halves(to_wire_us(decision.service), decision.alternative_count);
  for (std::size_t i = 0; i < kAlternatives; ++i)
    words[kFirstAlternative + i] =
        halves(decision.alternatives[i].server, to_wire_us(decision.alternatives[i].until_done));
  return words;
}

Decision unpack_decision(const DecisionText& words) {
  const auto high = [&](std::size_t i) { return static_cast<std::uint32_t>(words[i] >> 32); };
  const auto low = [&](std::size_t i) { return static_cast<std::uint32_t>(words[i]); };
  Decision decision{.received_at = instant_of(words[0]),
                    .decided_at = instant_of(words[1]),
                    .service = std::chrono::microseconds(high(4)),
                    .length = high(2),
                    .server = low(2),
                    .pool = high(3),
                    .type = static_cast<RequestType>(low(3) & 0xff),
                    .priority = static_cast<std::uint8_t>(low(3) >> 8 & 0xff),
                    .why = static_cast<Why>(low(3) >> 16)};
  decision.alternative_count = static_cast<std::uint8_t>(std::min<std::size_t>(low(4), kAlternatives));
  for (std::size_t i = 0; i < kAlternatives; ++i)
    decision.alternatives[i] = {high(kFirstAlternative + i),
                                std::chrono::microseconds(low(kFirstAlternative + i))};
  return decision;
}

}  // namespace

DecisionWriter::DecisionWriter(Ledger& ledger, WorkerId worker) : ring_(&ledger.layout().decisions(worker)) {}

// The order of stores is that of RecordWriter::write.
void DecisionWriter::write(const Decision& decision) {
  const std::uint64_t number = ring_->written.load(std::memory_order_relaxed);
  const DecisionText words = pack_decision(decision);
  auto& slot = ring_->decisions[number % kRingDecisions];
  for (std::size_t i = 0; i < words.size(); ++i) slot[i].store(words[i], std::memory_order_release);
  ring_->written.store(number + 1, std::memory_order_release);
}

DecisionReader::DecisionReader(const Ledger& ledger) : ledger_(ledger), read_(ledger.sizes().max_workers) {
  for (WorkerId worker = 0; worker < read_.size(); ++worker)
    read_[worker] = ledger.layout().decisions(worker).written.load(std::memory_order_acquire);
}

void DecisionReader::read(std::vector<Decision>& to) {
  for (WorkerId worker = 0; worker < worker_limit(ledger_); ++worker) read(worker, to);
}

/// What is being written over is left out.
void DecisionReader::read(WorkerId worker, std::vector<Decision>& to) {
  const DecisionRing& ring = ledger_.layout().decisions(worker);
  const std::uint64_t end = ring.written.load(std::memory_order_acquire);
  std::uint64_t& next = read_[worker];
  if (end - next >= kRingDecisions) next = end - kRingDecisions + 1;
  for (; next < end; ++next) {
    DecisionText words;
    const auto& slot = ring.decisions[next % kRingDecisions];
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = slot[i].load(std::memory_order_acquire);
    if (ring.written.load(std::memory_order_relaxed) - next < kRingDecisions)
      to.push_back(unpack_decision(words));
  }
}

}  // namespace finishline::ledger
