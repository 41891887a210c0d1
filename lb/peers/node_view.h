// What one other proxy has said so far, held together from its reports: which of them to take, what they
// change, and when it counts as silent. Pure: times come in.
#pragma once

#include <set>
#include <string>

#include "lb/peers/report.h"

namespace finishline::peers {

class NodeView {
 public:
  enum class News : std::uint8_t {
    none,        // said before, or not to be understood without a full report
    change,      // of what is known
    everything,  // the first of an epoch: all that was known is void
  };
  struct Taken {
    News news = News::none;
    bool gap = false;  // reports before this one were missed
    std::vector<ServerReport> servers{};
    std::vector<LaneReport> lanes{};
  };

  /// What the report changes. One that is full changes what it does not name to nothing.
  Taken take(const Report& report, Instant now);
  /// Something was missed: it is to say all.
  bool needs_full() const { return needs_full_; }
  bool silent(Instant now, Nanos silence) const { return now - heard_at_ > silence; }
  /// What it has said was not taken in whole: it is to say all.
  void want_full() { needs_full_ = known_; }
  /// It was silent, or has left: nothing of it is known any more.
  void forget();
  /// Whether its books count.
  bool known() const { return known_; }
  std::uint64_t epoch() const { return epoch_; }
  Instant heard_at() const { return heard_at_; }

 private:
  bool known_ = false;
  bool needs_full_ = false;
  std::uint64_t epoch_ = 0;
  std::uint32_t sequence_ = 0;
  Instant heard_at_{};
  std::set<std::uint64_t> servers_, lanes_;  // with anything
};

}  // namespace finishline::peers
