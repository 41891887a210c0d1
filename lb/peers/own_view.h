// What this proxy has told the others, and what has changed since: makes reports of the books as they are
// looked at. Pure: books and times come in.
#pragma once

#include <string>
#include <vector>

#include "lb/ledger/nodes.h"
#include "lb/peers/report.h"

namespace finishline::peers {

/// Times of a lane as ages, and back. The clock of `now` is this machine's.
LaneReport report_of(const sched::WaitLane& lane, std::uint64_t key, Instant now);
sched::WaitLane lane_of(const LaneReport& report, std::uint8_t type, Instant now);

class OwnView {
 public:
  OwnView(std::string name, std::uint64_t epoch) : name_(std::move(name)), epoch_(epoch) {}

  /// Servers and lanes stand in these places from now on, by their keys; what was told of them stays told.
  void move_to(const std::vector<std::uint64_t>& servers, const std::vector<std::uint64_t>& lanes);
  /// Begins a report of all, or of what has changed.
  void begin(bool full);
  void look_at(std::size_t server, std::uint64_t key, const ledger::OwnWork& work, Instant now);
  void look_at_lane(std::size_t place, std::uint64_t key, const sched::WaitLane& lane, Instant now);
  /// Whom we have called.
  void call(const std::vector<Call>& calls) {
    report_.calls.insert(report_.calls.end(), calls.begin(), calls.end());
  }
  /// Something has changed since the last report, or all was to be told.
  bool news() const {
    return report_.full || !report_.servers.empty() || !report_.lanes.empty() || !report_.calls.empty();
  }
  /// It is sent: the next one comes behind it.
  Report take();

 private:
  struct Server {
    std::uint64_t key = 0;
    ledger::ServerBooks books{};
    std::int64_t sent = 0;
    Instant settled_at{};
    Instant begun_at{};
  };
  struct Lane {
    std::uint64_t key = 0;
    sched::WaitLane lane{};
  };

  std::string name_;
  std::uint64_t epoch_;
  std::uint32_t sequence_ = 0;
  Report report_{};
  std::vector<Server> servers_;
  std::vector<Lane> lanes_;
};

}  // namespace finishline::peers
