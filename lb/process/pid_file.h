// A file that holds the process id of a proxy while it runs, for those who send it signals. Master process.
#pragma once

#include <optional>
#include <string>

#include "lb/process/descriptor.h"

namespace finishline::process {

/// The file belongs to one living process at a time, which holds a lock on it: what a dead one has left does
/// not count, whoever has its process id now. An upgrade keeps file and process id.
class PidFile {
 public:
  PidFile() = default;
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  ~PidFile();

  /// Why no such file can be written, as far as can be told without making one; nothing for "".
  static std::optional<std::string> fault_of(const std::string& path);
  /// Makes sure that the file can be written and is nobody's. The reason why not; "" as its path is good, and
  /// nothing happens.
  std::optional<std::string> claim(const std::string& path);
  /// Puts this process's id into it, in one step: nobody finds half of it. Does nothing the second time.
  void write();
  /// This process ends in order: takes the file away.
  void remove();

 private:
  std::string draft() const { return path_ + ".new"; }

  std::string path_;  // "": none
  Descriptor file_;   // under the name of the draft until it is written
  bool written_ = false;
};

}  // namespace finishline::process
