// Looks at the proxy once a second: makes an overview of it, keeps what it saw, and tells all who follow.
// Control process, on its loop.
#pragma once

#include <deque>
#include <functional>
#include <future>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lb/control/inventory.h"
#include "lb/control/latency_window.h"
#include "lb/control/overview.h"
#include "lb/history/timeline.h"
#include "lb/http/event_stream.h"
#include "lb/ledger/ledger.h"
#include "lb/net/timer.h"

namespace finishline::control {

class Observer {
 public:
  /// `look` takes a snapshot; what was seen is kept in `state_dir`, "": in memory alone. All outlive it.
  Observer(net::Loop& loop, const ledger::Ledger& ledger, std::function<Snapshot()> look, Inventory inventory,
           const std::string& state_dir);
  /// Of another configuration.
  void change_to(Inventory inventory);

  /// What is called in each look, and gives the alerts of the page.
  using Alerts = std::function<nlohmann::ordered_json(const Overview&, const Snapshot&, const Inventory&)>;
  /// Adds what only others know, in each look.
  void set_additions(std::function<void(Overview&)> add) { add_ = std::move(add); }
  void set_alerts(Alerts alerts) { alerts_ = std::move(alerts); }

  const Inventory& inventory() const { return inventory_; }
  const Snapshot& snapshot() const { return now_; }
  const Overview& overview() const { return overview_; }
  /// The latest overview as JSON in one line.
  const std::string& live() const { return live_; }
  const history::Timeline& timeline() const { return timeline_; }
  /// As Timeline::bring().
  std::future<history::PastOutcome> bring(history::PastValues past, history::Overlap overlap, bool dry) {
    return timeline_.bring(std::move(past), overlap, dry);
  }
  http::EventStream& stream() { return stream_; }
  /// The latest thousand, the oldest first.
  const std::deque<history::TimeMark>& marks() const { return timeline_.marks(); }
  void mark(std::string kind, std::string text);
  /// This program has taken over from another then, in Unix seconds; 0: it has not.
  void mark_upgrade(double at);

 private:
  void tick();
  void tell_of_problem();
  std::uint64_t next_id() const;
  std::vector<http::EventStream::Past> marks_after(std::uint64_t id) const;
  void note(double time, std::string kind, std::string text);
  void note_changes(const Snapshot& before);
  Demands demands() const;

  const ledger::Ledger& ledger_;
  std::function<Snapshot()> look_;
  Inventory inventory_;
  Snapshot before_, now_;
  Overview overview_;
  Demands demands_;
  LatencyWindow latencies_;
  Alerts alerts_;
  std::function<void(Overview&)> add_;
  std::string live_;
  history::Timeline timeline_;
  std::string told_problem_, told_put_aside_;
  http::EventStream stream_;
  std::optional<std::uint32_t> told_revision_{};  // none yet; 0: the first is not in force
  std::uint64_t ticks_ = 0;
  std::uint64_t last_id_ = 0;  // of events, of whatever name
  net::Timer timer_;
};

}  // namespace finishline::control
