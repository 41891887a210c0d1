// proxy.state_dir is one proxy's: two would write over what the other has kept. Master process.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "lb/process/descriptor.h"

namespace finishline::process {

class StateLock {
 public:
  /// Why the folder is another living proxy's, for a user; nothing when it is nobody's, "", or cannot be
  /// looked into.
  static std::optional<std::string> fault_of(const std::string& folder);
  /// Whose the folder is, as fault_of(); 0: nobody's, below 0: somebody's that cannot be told.
  static pid_t owner_of(const std::string& folder);
  /// From now on it is this process's, until that ends, by a lock on the file "lock" in it. The reason why
  /// not; nothing for "" and for a folder in which nothing can be kept anyway.
  std::optional<std::string> take(const std::string& folder);
  /// The program before this one had the lock, by this descriptor, and left it to this one; none: it had not.
  /// To be followed by renew().
  void adopt(const std::string& folder, Descriptor file);
  /// Takes the lock anew where the file in the folder is not the one that is locked, as when the folder was
  /// removed and made again. The reason why not; nothing as for take(), and when nothing is to be done.
  std::optional<std::string> renew();
  /// Of the locked file, for the next program; -1: none.
  int descriptor() const { return file_.get(); }

 private:
  bool holds() const;

  std::string folder_;
  Descriptor file_;
};

}  // namespace finishline::process
