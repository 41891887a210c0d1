// Who comes most, of more than can be counted one by one: the summary Space-Saving (Metwally, Agrawal, El
// Abbadi 2005), with counts that fade. It keeps a fixed number of counters; who has none takes over that of
// whoever counts least, with its count, and that much of it may be another's. So with m counters
//
//   what a key weighs <= its estimate <= what it weighs + its error,   error <= total / m
//
// and whoever weighs more than total / m has a counter. All of it holds when everything is faded by the same
// factor. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <vector>

namespace finishline::model {

/// `Key`: a value with an order.
template <class Key>
class HeavyHitters {
 public:
  struct Counter {
    Key key{};
    double estimate = 0;
    double error = 0;  // so much of the estimate may be of others
  };

  /// Precondition: most > 0.
  explicit HeavyHitters(std::size_t most) : most_(most) {}

  void add(const Key& key, double weight = 1) {
    total_ += weight;
    if (const auto known = index_.find(key); known != index_.end()) {
      counters_[known->second].estimate += weight;
    } else if (counters_.size() < most_) {
      index_.emplace(key, counters_.size());
      counters_.push_back({key, weight, 0});
    } else {
      take_over(key, weight);
    }
  }

  /// What has come so far counts `factor` of what it did, from 0 to 1; who then weighs less than `least` is
  /// forgotten.
  void fade(double factor, double least = 0) {
    total_ *= factor;
    for (Counter& it : counters_) it.estimate *= factor, it.error *= factor;
    if (std::erase_if(counters_, [least](const Counter& it) { return it.estimate < least; }) == 0) return;
    index_.clear();
    for (std::size_t i = 0; i < counters_.size(); ++i) index_.emplace(counters_[i].key, i);
  }

  /// The largest estimates, the largest first.
  std::vector<Counter> top(std::size_t most) const {
    std::vector<Counter> all = counters_;
    std::ranges::stable_sort(all, [](const Counter& a, const Counter& b) { return a.estimate > b.estimate; });
    all.resize(std::min(all.size(), most));
    return all;
  }
  /// Of this key; 0 when it has no counter.
  double estimate_of(const Key& key) const {
    const auto known = index_.find(key);
    return known == index_.end() ? 0 : counters_[known->second].estimate;
  }
  /// What all weigh together.
  double total() const { return total_; }

 private:
  void take_over(const Key& key, double weight) {
    const auto least = std::ranges::min_element(counters_, {}, &Counter::estimate);
    index_.erase(least->key);
    index_.emplace(key, static_cast<std::size_t>(least - counters_.begin()));
    *least = {key, least->estimate + weight, least->estimate};
  }

  std::size_t most_;
  std::vector<Counter> counters_;
  std::map<Key, std::size_t> index_;  // of counters_
  double total_ = 0;
};

}  // namespace finishline::model
