#include "lb/peers/own_view.h"

#include <unordered_map>
#include <utility>

namespace finishline::peers {
namespace {

Instant instant(std::int64_t ns) { return Instant(Nanos(ns)); }
std::int64_t ns(Instant instant) { return instant.time_since_epoch().count(); }

template <class Item>
std::vector<Item> in_places(const std::vector<Item>& told, const std::vector<std::uint64_t>& keys) {
  std::unordered_map<std::uint64_t, const Item*> by_key;
  for (const Item& item : told) by_key.emplace(item.key, &item);
  std::vector<Item> all;
  for (const std::uint64_t key : keys) {
    const auto known = by_key.find(key);
    all.push_back(known == by_key.end() ? Item{.key = key} : *known->second);
  }
  return all;
}

}  // namespace

LaneReport report_of(const sched::WaitLane& lane, std::uint64_t key, Instant now) {
  if (lane.count == 0) return {.key = key};
  LaneReport report{.key = key,
                    .count = lane.count,
                    .volume = lane.volume,
                    .head_age = now - instant(lane.head_key),
                    .head_length = lane.head_length,
                    .longest = lane.longest,
                    .shortest = lane.shortest};
  if (lane.urgent_start == sched::kNoKey) return report;
  report.until_urgent = instant(lane.urgent_start) - now;
  report.urgent_length = lane.urgent_length;
  return report;
}

sched::WaitLane lane_of(const LaneReport& report, std::uint8_t type, Instant now) {
  if (report.count == 0) return {.type = type};
  return {.head_key = ns(now - report.head_age),
          .urgent_start = report.until_urgent ? ns(now + *report.until_urgent) : sched::kNoKey,
          .volume = report.volume,
          .count = report.count,
          .head_length = report.head_length,
          .longest = report.longest,
          .shortest = report.shortest,
          .urgent_length = report.urgent_length,
          .type = type};
}

void OwnView::move_to(const std::vector<std::uint64_t>& servers, const std::vector<std::uint64_t>& lanes) {
  servers_ = in_places(servers_, servers);
  lanes_ = in_places(lanes_, lanes);
}

void OwnView::begin(bool full) {
  report_ = Report{};
  report_.full = full;
}

void OwnView::look_at(std::size_t server, std::uint64_t key, const ledger::OwnWork& work, Instant now) {
  if (servers_.size() <= server) servers_.resize(server + 1);
  Server& told = servers_[server];
  const bool settled = work.settled_at != told.settled_at;
  const bool begun = told.books.in_flight == 0 && work.books.in_flight > 0;
  if (begun) told.begun_at = settled ? work.settled_at : now;
  const bool changed = settled || work.sent != told.sent || work.books.in_flight != told.books.in_flight ||
                       work.books.owed != told.books.owed;
  told = {key, work.books, work.sent, work.settled_at, told.begun_at};
  if (!changed && !report_.full) return;
  const bool busy = work.books.in_flight > 0;
  if (report_.full && !busy && work.sent == 0) return;
  ServerReport report{.key = key,
                      .owed = work.books.owed,
                      .in_flight = work.books.in_flight,
                      .sent = static_cast<std::uint64_t>(work.sent)};
  if (settled || (report_.full && work.settled_at >= told.begun_at && work.settled_at != Instant{})) {
    report.turn = Turn::settled;
    report.ago = now - work.settled_at;
  } else if (begun || (report_.full && busy)) {
    report.turn = Turn::begun;
    report.ago = now - told.begun_at;
  }
  report_.servers.push_back(report);
}

void OwnView::look_at_lane(std::size_t place, std::uint64_t key, const sched::WaitLane& lane, Instant now) {
  if (lanes_.size() <= place) lanes_.resize(place + 1);
  const bool changed = lanes_[place].lane != lane;
  lanes_[place] = {key, lane};
  if (changed || (report_.full && lane.count > 0)) report_.lanes.push_back(report_of(lane, key, now));
}

Report OwnView::take() {
  report_.name = name_;
  report_.epoch = epoch_;
  report_.sequence = ++sequence_;
  return std::exchange(report_, {});
}

}  // namespace finishline::peers
