#include "lb/cli/history_pieces.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "proto/quantity.h"

namespace finishline::cli {
namespace {

constexpr std::size_t kMostValues = 20000;  // of one piece: well below a megabyte
constexpr std::int64_t kCoarsest = 900;     // seconds of the longest slot: pieces are cut between two

void append_value(std::string& csv, const forecast::LoadSample& sample) {
  std::array<char, 64> line{};
  std::snprintf(line.data(), line.size(), "%lld,%.9g\n", static_cast<long long>(sample.time_s), sample.value);
  csv += line.data();
}

HistoryPiece piece_of(const std::vector<forecast::LoadSample>& samples, std::size_t begin, std::size_t end,
                      std::int64_t step) {
  HistoryPiece piece{.from = 0, .to = 0, .csv = "time,value\n"};
  const auto border = [&](std::size_t at) {
    return static_cast<std::int64_t>(samples[at].time_s) / kCoarsest * kCoarsest;
  };
  if (begin > 0) {
    piece.from = border(begin);
    if (samples[begin - 1].time_s + static_cast<double>(step) > static_cast<double>(piece.from))
      append_value(piece.csv, samples[begin - 1]);
  }
  if (end < samples.size()) piece.to = border(end);
  for (std::size_t i = begin; i < end; ++i) append_value(piece.csv, samples[i]);
  return piece;
}

}  // namespace

std::variant<std::vector<HistoryPiece>, std::string> history_pieces(std::vector<forecast::LoadSample> samples,
                                                                    const HistoryChange& change,
                                                                    std::int64_t step) {
  std::ranges::stable_sort(samples, {}, &forecast::LoadSample::time_s);
  for (forecast::LoadSample& it : samples) {
    it.time_s += static_cast<double>(change.later_by);
    it.value *= change.times;
  }
  const auto slot_of = [&](std::size_t at) {
    return static_cast<std::int64_t>(samples[at].time_s) / kCoarsest;
  };
  std::vector<HistoryPiece> pieces;
  for (std::size_t begin = 0; begin < samples.size();) {
    std::size_t end = std::min(begin + kMostValues, samples.size());
    while (end < samples.size() && end > begin && slot_of(end) == slot_of(end - 1)) --end;
    if (end == begin)
      return "more than " + human_count(kMostValues) +
             " values lie within 15 minutes: give their means of a second or more";
    pieces.push_back(piece_of(samples, begin, end, step));
    begin = end;
  }
  return pieces;
}

std::int64_t weeks_until(std::int64_t now, std::int64_t end) {
  constexpr std::int64_t kWeek = 7 * 86400;
  const std::int64_t between = now - end;
  return (between >= 0 ? between : between - (kWeek - 1)) / kWeek * kWeek;
}

}  // namespace finishline::cli
