// The past of all series, wherever it is kept: the latest quarter of an hour in memory, second by second, and
// where there is a directory for it two years on disk, the coarser the older. Control process, one thread.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/history/archive.h"
#include "lb/history/ring.h"
#include "lb/history/tier.h"

namespace finishline::history {

class Timeline {
 public:
  /// `directory` "": memory only. Where it cannot be used that is so, too, until it can; problem() says why.
  explicit Timeline(std::string directory);

  void add(SeriesSample sample);

  /// What happened then, in Unix seconds; its id is above that of the mark before, and at least `least_id`.
  /// Returns it as it is kept, until the next call.
  const TimeMark& mark(double time, std::string kind, std::string text, std::uint64_t least_id = 0);
  /// The latest thousand, the oldest first: those of earlier processes, too, where there is a directory.
  const std::deque<TimeMark>& marks() const { return marks_; }

  /// Values that were measured elsewhere are kept with those that are measured here, or `dry` only looked at:
  /// to be waited for on another thread. Only while on_disk().
  std::future<PastOutcome> bring(PastValues past, Overlap overlap, bool dry) {
    return archive_->bring(std::move(past), overlap, dry, latest());
  }

  /// From where, and how finely, a stretch is read: what was asked for, or what there is.
  struct Plan {
    std::int64_t from = 0, to = 0, step = 1;
    std::optional<std::size_t> tier{};  // none: memory
    std::string_view source() const { return tier ? kTiers[*tier].name : "memory"; }
  };
  Plan plan(std::int64_t from, std::int64_t to, std::int64_t step) const;
  /// Means of values; of a name such as "latency.p95" percentiles of all that came in a step. Unknown is NaN.
  Points read(std::string_view name, const Plan& plan) const;
  /// What came of a histogram in each step.
  std::vector<model::LatencyHistogram> histograms(std::string_view name, const Plan& plan) const;

  std::vector<std::string> names() const { return ring_.names(); }
  std::int64_t latest() const { return ring_.latest(); }
  bool on_disk() const { return archive_ != nullptr && problem().empty(); }
  /// Where a file went that could not be read as ours when it was opened last; "": none was there.
  const std::string& put_aside() const { return put_aside_; }
  /// Why nothing is kept on disk, or was not the last time; "" when all is well or none was wanted.
  std::string problem() const;
  /// What people should know of how the past is kept: the problem, or that nothing is kept on disk.
  std::string note() const;

 private:
  static constexpr std::int64_t kOpenAgain = 5;  // seconds

  void open();
  void notice_loss();
  void read_marks();
  struct Slots {
    ValueBlock values;
    HistogramBlock histograms;
  };
  Slots slots(std::string_view series, const Plan& plan) const;
  Points means(std::string_view name, const Plan& plan) const;

  Ring ring_;
  std::deque<TimeMark> marks_;
  const std::string directory_;
  std::int64_t open_again_at_ = 0;  // time of a sample
  std::string problem_, put_aside_;
  std::uint64_t file_id_ = 0;  // of the file that is open: 0: none
  std::int64_t look_at_ = 0;   // time of a sample
  std::optional<Store> reader_;
  std::unique_ptr<Archive> archive_;
};

}  // namespace finishline::history
