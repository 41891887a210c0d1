// What work will come to a pool in the next minutes, by its own past: forecasts made on a thread every five
// minutes, of those that have beaten the naive ones. Control process, on its loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lb/control/load_past.h"
#include "lb/net/background.h"
#include "lb/net/loop.h"

namespace finishline::control {

class Predictor {
 public:
  /// The past of a series of the history, in steps of kStep; nothing: none is kept.
  using Past = std::function<std::optional<LoadPast>(const std::string& series)>;
  static constexpr std::int64_t kStep = 300;             // seconds
  static constexpr std::int64_t kLookBack = 14 * 86400;  // so much of the past is asked for
  static constexpr std::int64_t kAnew = kStep;

  /// The loop outlives it.
  Predictor(net::Loop& loop, Past past) : past_(std::move(past)), background_(loop) {}

  /// The most that is expected of each series until `ahead` seconds after `now_s`, Unix time; 0 where nothing
  /// is known, or not so far. Asks for another forecast when the last one is old.
  std::vector<double> expected(const std::vector<std::string>& series, std::int64_t now_s,
                               std::int64_t ahead);

 private:
  class Job;
  struct Known {
    std::int64_t asked_at = 0;
    std::int64_t begin_s = 0;    // of the first value
    std::vector<double> values;  // by step
  };
  void ask(const std::string& series, std::int64_t now_s, std::int64_t ahead);

  Past past_;
  std::map<std::string, Known> known_;
  net::Background background_;
};

/// Of a series of the history, what Predictor::Past is; nothing where none is kept on disk.
std::optional<LoadPast> recent_past(const history::Timeline& timeline, const std::string& series,
                                    const forecast::LoadOrigin& place);

/// The name of the history's series of what comes to a pool of one request type, in units of length a second.
std::string work_series(const std::string& pool, const std::string& request_type);

}  // namespace finishline::control
