#include "lb/history/timeline.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

namespace finishline::history {
namespace {

constexpr float kNothingKnown = std::numeric_limits<float>::quiet_NaN();

std::int64_t rounded_up(std::int64_t value, std::int64_t to) { return (value + to - 1) / to * to; }

std::string file_in(const std::string& directory) { return directory + "/history.db"; }

/// By which the system knows it; 0: there is none.
std::uint64_t id_of(const std::string& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_ino) : 0;
}

}  // namespace

Timeline::Timeline(std::string directory) : directory_(std::move(directory)) {
  if (!directory_.empty()) open();
}

/// While it fails, the first reason stands.
void Timeline::open() {
  auto writer = Store::open(directory_, Store::Use::write);
  if (const auto* why = std::get_if<std::string>(&writer)) {
    if (problem_.empty()) problem_ = *why;
    return;
  }
  problem_.clear();
  put_aside_ = std::get<Store>(writer).put_aside();
  auto reader = Store::open(directory_, Store::Use::read);
  if (auto* store = std::get_if<Store>(&reader)) reader_.emplace(std::move(*store));
  archive_ = std::make_unique<Archive>(std::move(std::get<Store>(writer)));
  file_id_ = id_of(file_in(directory_));
  read_marks();
}

/// Those of earlier processes come before what this one has seen while there was no disk.
void Timeline::read_marks() {
  for (const TimeMark& it : marks_) archive_->add(it);
  if (!reader_) return;
  std::vector<TimeMark> kept = reader_->marks();
  const std::uint64_t first = marks_.empty() ? ~0ULL : marks_.front().id;
  std::erase_if(kept, [&](const TimeMark& it) { return it.id >= first; });
  marks_.insert(marks_.begin(), kept.begin(), kept.end());
  while (marks_.size() > kMarksKept) marks_.pop_front();
}

/// Ids are milliseconds where they can be, so that they rise over a restart that remembers nothing, too.
const TimeMark& Timeline::mark(double time, std::string kind, std::string text, std::uint64_t least_id) {
  const std::uint64_t at = std::max(static_cast<std::uint64_t>(std::max(time, 0.0) * 1000), least_id);
  const std::uint64_t id = marks_.empty() ? at : std::max(marks_.back().id + 1, at);
  marks_.push_back({id, time, std::move(kind), std::move(text)});
  if (marks_.size() > kMarksKept) marks_.pop_front();
  if (archive_) archive_->add(marks_.back());
  return marks_.back();
}

/// Somebody has removed the file, or put another one there: what is open is nobody's any more.
void Timeline::notice_loss() {
  if (!archive_ || id_of(file_in(directory_)) == file_id_) return;
  reader_.reset();
  archive_.reset();
  problem_ = file_in(directory_) + " was removed while it was in use";
  open_again_at_ = 0;
}

std::string Timeline::note() const {
  return directory_.empty() ? "in memory alone, and gone with the process: proxy.state_dir is not set"
                            : problem();
}

std::string Timeline::problem() const { return archive_ ? archive_->error() : problem_; }

void Timeline::add(SeriesSample sample) {
  ring_.add(sample);
  if (sample.time >= look_at_) {
    look_at_ = sample.time + kOpenAgain;
    notice_loss();
  }
  if (!problem_.empty() && sample.time >= open_again_at_) {
    if (open_again_at_ > 0) open();
    open_again_at_ = sample.time + kOpenAgain;
  }
  if (archive_) archive_->add(std::move(sample));
}

Timeline::Plan Timeline::plan(std::int64_t from, std::int64_t to, std::int64_t step) const {
  Plan plan{.from = from, .to = to, .step = step};
  if (reader_ && from < ring_.earliest()) {
    std::size_t tier = 0;
    while (tier + 1 < std::size(kTiers) &&
           (ring_.latest() - from > kTiers[tier].kept || kTiers[tier + 1].step <= step))
      ++tier;
    plan.tier = tier;
    plan.step = rounded_up(step, kTiers[tier].step);
  }
  plan.from -= plan.from % plan.step;
  return plan;
}

Points Timeline::read(std::string_view name, const Plan& plan) const {
  const auto percentile = percentile_in(name);
  if (!percentile) return means(name, plan);
  Points points{.from = plan.from, .step = plan.step};
  for (const model::LatencyHistogram& it : histograms(percentile->of, plan)) {
    const auto value = it.quantile(percentile->part);
    points.values.push_back(value ? std::chrono::duration<float>(*value).count() : kNothingKnown);
  }
  return points;
}

/// What the disk has of each slot of the tier, from the plan's beginning to its end.
Timeline::Slots Timeline::slots(std::string_view series, const Plan& plan) const {
  const Tier& tier = kTiers[*plan.tier];
  Slots all;
  for (std::int64_t start = plan.from - plan.from % tier.block_seconds(); start < plan.to;
       start += tier.block_seconds()) {
    const Store::Block block = reader_->get(*plan.tier, series, start);
    const auto count = static_cast<std::size_t>(tier.slots);
    const ValueBlock values = decode_values(block.values, count);
    HistogramBlock histograms = decode_histograms(block.histograms, count);
    for (std::size_t slot = 0; slot < count; ++slot) {
      const std::int64_t at = start + static_cast<std::int64_t>(slot) * tier.step;
      if (at < plan.from || at >= plan.to) continue;
      all.values.push_back(values[slot]);
      all.histograms.push_back(std::move(histograms[slot]));
    }
  }
  return all;
}

Points Timeline::means(std::string_view name, const Plan& plan) const {
  if (!plan.tier) return ring_.read(name, plan.from, plan.to, plan.step);
  const std::int64_t slot = kTiers[*plan.tier].step;
  ValueBlock values = slots(name, plan).values;
  const Points fresh = ring_.read(name, plan.from, plan.to, slot);  // what is not on disk yet
  Points points{.from = plan.from, .step = plan.step};
  const auto per_step = static_cast<std::size_t>(plan.step / slot);
  for (std::size_t begin = 0; begin < values.size(); begin += per_step) {
    double sum = 0;
    int known = 0;
    for (std::size_t i = begin; i < std::min(begin + per_step, values.size()); ++i) {
      const bool in_memory = i < fresh.values.size() && !std::isnan(fresh.values[i]);
      const float value = std::isnan(values[i]) && in_memory ? fresh.values[i] : values[i];
      if (std::isnan(value)) continue;
      sum += value;
      ++known;
    }
    points.values.push_back(known == 0 ? kNothingKnown : static_cast<float>(sum / known));
  }
  return points;
}

std::vector<model::LatencyHistogram> Timeline::histograms(std::string_view name, const Plan& plan) const {
  std::vector<model::LatencyHistogram> all;
  const HistogramBlock disk = plan.tier ? slots(name, plan).histograms : HistogramBlock{};
  const std::int64_t slot = plan.tier ? kTiers[*plan.tier].step : plan.step;
  for (std::int64_t begin = plan.from; begin < plan.to; begin += plan.step) {
    model::LatencyHistogram sum;
    for (std::int64_t at = begin; at < begin + plan.step && at < plan.to; at += slot) {
      const auto i = static_cast<std::size_t>((at - plan.from) / slot);
      const model::LatencyHistogram fresh =
          at + slot > ring_.earliest() ? ring_.histogram(name, at, at + slot) : model::LatencyHistogram{};
      model::LatencyHistogram kept;
      if (i < disk.size()) add_to(kept, disk[i]);
      sum.merge(kept.count() > fresh.count() ? kept : fresh);
    }
    all.push_back(std::move(sum));
  }
  return all;
}

}  // namespace finishline::history
