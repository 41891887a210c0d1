#include "lb/control/work_ahead.h"

#include <algorithm>
#include <chrono>

namespace finishline::control {
namespace {

double seconds_long(Nanos span) { return std::chrono::duration<double>(span).count(); }

}  // namespace

std::vector<WorkPiece> work_ahead(const std::deque<ledger::Decision>& sent, const WorkLoad& load,
                                  Instant now) {
  if (load.in_flight == 0 || load.in_flight > sent.size()) return {};
  std::vector<WorkPiece> pieces;
  double behind = 0;  // the first one
  for (std::size_t i = sent.size() - load.in_flight; i < sent.size(); ++i) {
    const double whole = seconds_long(sent[i].service);
    const bool runs = pieces.size() < load.slots;
    const double left = runs ? std::max(0.0, whole - seconds_long(now - sent[i].decided_at)) : whole;
    behind += pieces.empty() ? 0 : left;
    pieces.push_back({.type = sent[i].type, .seconds = left});
  }
  // One after the other: the books know when the last one is done, and so what is left of the first.
  if (load.slots == 1)
    pieces.front().seconds =
        std::clamp(load.finish - behind, 0.0, seconds_long(sent[sent.size() - load.in_flight].service));
  pieces.resize(std::min(pieces.size(), kMostPieces));
  return pieces;
}

}  // namespace finishline::control
