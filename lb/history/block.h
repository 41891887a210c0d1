// A stretch of one series on disk: so many slots of equal length, as bytes. Pure.
//
//   values:      4 bytes for each slot, IEEE 754 little-endian, NaN where nothing is known; short at the end
//   histograms:  for each slot in which something is: slot, how many buckets, then bucket and count, as
//   numbers of
//                7 bits a byte, the low ones first (LEB128)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lb/history/sample.h"

namespace finishline::history {

using ValueBlock = std::vector<float>;
using HistogramBlock = std::vector<BucketCounts>;

std::string encode(const ValueBlock& block);
std::string encode(const HistogramBlock& block);
/// Of `slots` slots; what is cut off or makes no sense is not known.
ValueBlock decode_values(std::string_view bytes, std::size_t slots);
HistogramBlock decode_histograms(std::string_view bytes, std::size_t slots);

}  // namespace finishline::history
