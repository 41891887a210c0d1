// What is said while the run has not begun, and something is in its way.
#pragma once

#include <string>
#include <utility>

#include "client/complaint.h"
#include "client/options.h"
#include "client/run.h"
#include "proto/quantity.h"

namespace finishline::client {

class ConnectNotice {
 public:
  /// The options outlive it; with --quiet nothing is said.
  explicit ConnectNotice(const Options& options) : options_(options), told_(options.quiet) {}

  /// There is no connection yet, for this reason, and for how long one is tried. Once.
  void tell(const std::string& why) {
    if (std::exchange(told_, true)) return;
    fail(kExitFailed, "no connection to " + options_.connect + " yet: " + why + "; trying until " +
                          human(options_.connect_timeout));
  }
  /// The other side has closed the connection on which it was asked, and said nothing.
  void tell_silent() const {
    if (!options_.quiet)
      fail(kExitFailed, options_.connect +
                            " has closed the connection without a word of the protocol; is it " +
                            "a listener of Finishline? Trying on");
  }

 private:
  const Options& options_;
  bool told_;
};

}  // namespace finishline::client
