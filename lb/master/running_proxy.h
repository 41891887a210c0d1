// The proxy that runs by this configuration now, if one does, as another process on this machine sees it: for
// `finishline check`, which is asked beside it. Linux: /proc.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>

#include "lb/address/address.h"
#include "lb/config/config.h"

namespace finishline::master {

class RunningProxy {
 public:
  /// Whose proxy.pid_file it is, by its lock; else a `finishline run` that was given the same file. Nothing
  /// is known of a process of another user.
  RunningProxy(const std::string& file, const config::Config& config);
  /// None.
  RunningProxy() = default;

  /// Of its master; 0: none runs, as far as can be told.
  pid_t pid() const { return pid_; }
  /// Whether it is the one that listens there. False also where that cannot be told.
  bool listens_at(const net::Address& address) const;

 private:
  pid_t pid_ = 0;
  std::set<std::string> sockets_;  // inodes of those that it has open
};

}  // namespace finishline::master
