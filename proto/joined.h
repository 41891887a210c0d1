// A list in words: "a, b, c". Ground floor, any process.
#pragma once

#include <functional>
#include <string>

namespace finishline {

/// What `text_of` makes of each, with commas in between.
template <class Range, class TextOf = std::identity>
std::string joined(const Range& range, TextOf text_of = {}) {
  std::string all;
  for (const auto& it : range) {
    if (!all.empty()) all += ", ";
    all += std::invoke(text_of, it);
  }
  return all;
}

}  // namespace finishline
