#include "lb/peers/node_view.h"

#include <algorithm>
#include <utility>

namespace finishline::peers {
namespace {

bool is_nothing(const ServerReport& it) { return it.in_flight == 0 && it.owed == 0ns; }
bool is_nothing(const LaneReport& it) { return it.count == 0; }

/// `named`, and nothing for what was known and is not named by a full report; `known` follows.
template <class Item>
std::vector<Item> follow(const std::vector<Item>& named, bool full, std::set<std::uint64_t>& known) {
  std::vector<Item> changes = named;
  std::set<std::uint64_t> before;
  if (full) before = std::exchange(known, {});
  for (const Item& item : named) {
    before.erase(item.key);
    if (is_nothing(item)) {
      known.erase(item.key);
    } else {
      known.insert(item.key);
    }
  }
  for (const std::uint64_t key : before) changes.push_back({.key = key});
  return changes;
}

}  // namespace

NodeView::Taken NodeView::take(const Report& report, Instant now) {
  const bool anew = !known_ || report.epoch != epoch_;
  if (anew && !report.full) {
    needs_full_ = true;
    return {};
  }
  // Wraps: what is less than half of all numbers ahead is later.
  const std::uint32_t ahead = report.sequence - sequence_;
  if (!anew && (ahead == 0 || ahead > 0x7fffffffU)) return {};
  const bool gap = !anew && ahead > 1;
  heard_at_ = now;
  sequence_ = report.sequence;
  epoch_ = report.epoch;
  needs_full_ = (needs_full_ || gap) && !report.full;
  known_ = true;
  Taken taken{.news = anew ? News::everything : News::change, .gap = gap};
  taken.servers = follow(report.servers, report.full, servers_);
  taken.lanes = follow(report.lanes, report.full, lanes_);
  return taken;
}

void NodeView::forget() {
  known_ = false;
  servers_.clear();
  lanes_.clear();
}

}  // namespace finishline::peers
