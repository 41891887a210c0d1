// How far the run is, and a graph of its last minutes, drawn over itself on a terminal; nothing elsewhere.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "client/interval.h"
#include "client/live_graph.h"
#include "client/progress.h"

namespace finishline::client {

class ProgressBar {
 public:
  /// Not `wanted`, or standard error is no terminal: nothing is drawn, ever. The graph also goes by NO_COLOR
  /// and TERM=dumb.
  explicit ProgressBar(bool wanted);
  /// Takes away what was drawn.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  bool has_graph() const { return graph_shown_; }
  /// What a second brought, for the graph. `span` is above 0.
  void add(const Interval& interval, Nanos span);
  /// At most some ten times a second.
  void draw(const Progress& progress);

 private:
  void put(const std::vector<std::string>& lines);

  bool shown_, graph_shown_, unicode_, drawn_ = false;
  std::size_t lines_ = 0;  // that stand on the terminal
  double smooth_ = 0;
  Progress last_;
  LiveGraph graph_;
};

}  // namespace finishline::client
