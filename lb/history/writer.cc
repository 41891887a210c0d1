#include "lb/history/writer.h"

#include <cmath>

namespace finishline::history {

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

/// Of servers that are gone.
void Writer::forget_idle(std::int64_t now) {
  std::erase_if(open_, [&](const auto& it) {
    return !it.second.changed && it.second.start + kTiers[it.first.first].block_seconds() < now;
  });
}

}  // namespace finishline::history
