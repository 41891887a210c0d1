#include "proto/nearest.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace finishline {
namespace {

constexpr std::size_t kLongestWord = 64;  // no key is longer; keeps a hostile file from costing time

std::size_t tolerance(std::string_view word) { return std::max<std::size_t>(1, (word.size() + 1) / 3); }

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.size() > kLongestWord) return "";
  std::string_view best;
  std::size_t best_distance = tolerance(word) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kLongestWord) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string no_such(std::string_view kind, std::string_view word,
                    std::span<const std::string_view> candidates) {
  const std::string_view meant = nearest(word, candidates);
  return "there is no " + std::string(kind) + " '" + std::string(word) + "'" +
         (meant.empty() ? "" : "; did you mean '" + std::string(meant) + "'?");
}

}  // namespace finishline
