#include "lb/history/writer.h"

#include <algorithm>
#include <cmath>

namespace finishline::history {
namespace {

/// Of what was measured elsewhere and is brought once more nothing changes.
bool says_otherwise(float known, float value) {
  constexpr float kAlike = 1e-5F;
  return !std::isnan(known) && std::abs(known - value) > kAlike * std::max(std::abs(known), std::abs(value));
}

}  // namespace

void Writer::add(const SeriesSample& sample) {
  for (std::size_t tier = 0; tier < std::size(kTiers); ++tier) {
    for (const auto& [name, value] : sample.values) {
      Open& block = open_at(tier, name, sample.time);
      float& mean = block.values[static_cast<std::size_t>(block.slot)];
      const float before =
          block.samples == 0 || std::isnan(mean) ? 0 : mean * static_cast<float>(block.samples);
      ++block.samples;
      mean = (before + static_cast<float>(value)) / static_cast<float>(block.samples);
    }
    for (const auto& [name, counts] : sample.histograms) {
      Open& block = open_at(tier, name, sample.time);
      add_to(block.histograms[static_cast<std::size_t>(block.slot)], counts);
    }
  }
}

/// The block in which this time lies, with the slot of it: what stands there already, after a restart, is
/// gone on with.
Writer::Open& Writer::open_at(std::size_t tier, const std::string& series, std::int64_t time) {
  const Tier& it = kTiers[tier];
  const std::int64_t start = time - time % it.block_seconds();
  const auto entry = open_.try_emplace({tier, series}).first;
  Open& block = entry->second;
  if (block.start != start) {
    if (block.changed) write(entry->first, block);
    const Store::Block known = store_.get(tier, series, start);
    block = {.start = start,
             .values = decode_values(known.values, static_cast<std::size_t>(it.slots)),
             .histograms = decode_histograms(known.histograms, static_cast<std::size_t>(it.slots))};
  }
  const std::int64_t slot = (time - start) / it.step;
  if (slot != block.slot) {
    block.slot = slot;
    block.samples = std::isnan(block.values[static_cast<std::size_t>(slot)]) ? 0 : 1;
  }
  block.changed = true;
  return block;
}

/// The first of a round begins it.
void Writer::write(const Key& key, Open& block) {
  if (!in_round_) in_round_ = store_.begin();
  if (!in_round_) return;
  store_.put(key.first, key.second, block.start, encode(block.values), encode(block.histograms));
  block.changed = false;
}

bool Writer::flush_tiers(std::size_t tiers, std::int64_t now) {
  for (auto& [key, block] : open_)
    if (block.changed && key.first < tiers) write(key, block);
  if (!in_round_) return open_.empty();
  in_round_ = false;
  const bool written = store_.commit(now);
  if (!written)
    for (auto& [key, block] : open_) block.changed = true;
  forget_idle(now);
  return written;
}

// --- what was measured elsewhere ---------------------------------------------------------------------

PastOutcome Writer::bring(const PastValues& past, Overlap overlap, bool dry, std::int64_t now) {
  if (in_round_ && !flush(now)) return {.problem = error()};
  PastOutcome outcome;
  const std::vector<Changed> blocks = with_past(past, overlap, now, outcome);
  const bool refused = overlap == Overlap::refuse && outcome.overlap_s > 0;
  if (!dry && !refused && !write(past.series, blocks, now)) outcome.problem = error();
  return outcome;
}

/// All blocks that have a slot of it, as they will be.
std::vector<Writer::Changed> Writer::with_past(const PastValues& past, Overlap overlap, std::int64_t now,
                                               PastOutcome& outcome) const {
  std::vector<Changed> blocks;
  for (std::size_t tier = 0; tier < std::size(kTiers); ++tier) {
    const Tier& it = kTiers[tier];
    std::int64_t others = 0;  // seconds
    for (const SlotValue& slot : slots_of(past, it, now)) {
      const std::int64_t start = slot.start - slot.start % it.block_seconds();
      if (blocks.empty() || blocks.back().tier != tier || blocks.back().start != start)
        blocks.push_back(block_of(tier, past.series, start));
      float& known = blocks.back().values[static_cast<std::size_t>((slot.start - start) / it.step)];
      if (says_otherwise(known, slot.value)) {
        others += it.step;
        const std::int64_t before = outcome.overlap_from;
        outcome.overlap_from = before == 0 ? slot.start : std::min(before, slot.start);
      }
      if (std::isnan(known) || overlap == Overlap::replace) known = slot.value;
      outcome.from = outcome.from == 0 ? slot.start : std::min(outcome.from, slot.start);
      outcome.to = std::max(outcome.to, slot.start + it.step);
    }
    outcome.overlap_s = std::max(outcome.overlap_s, others);
  }
  return blocks;
}

/// As it is being filled, or as it was left.
Writer::Changed Writer::block_of(std::size_t tier, const std::string& series, std::int64_t start) const {
  const auto open = open_.find({tier, series});
  if (open != open_.end() && open->second.start == start)
    return {tier, start, open->second.values, encode(open->second.histograms)};
  const Store::Block known = store_.get(tier, series, start);
  const auto slots = static_cast<std::size_t>(kTiers[tier].slots);
  return {tier, start, decode_values(known.values, slots), known.histograms};
}

/// The slot that is being filled is not over, so nothing was brought for it.
bool Writer::write(const std::string& series, const std::vector<Changed>& blocks, std::int64_t now) {
  if (!store_.begin()) return false;
  for (const Changed& it : blocks) store_.put(it.tier, series, it.start, encode(it.values), it.histograms);
  if (!store_.commit(now)) return false;
  for (const Changed& it : blocks)
    if (const auto open = open_.find({it.tier, series});
        open != open_.end() && open->second.start == it.start)
      open->second.values = it.values;
  return true;
}

/// Of servers that are gone.
void Writer::forget_idle(std::int64_t now) {
  std::erase_if(open_, [&](const auto& it) {
    return !it.second.changed && it.second.start + kTiers[it.first.first].block_seconds() < now;
  });
}

}  // namespace finishline::history
