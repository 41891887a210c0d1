// A small file of proxy.state_dir whose text is to be there after a restart, also when somebody has removed
// it meanwhile. Control process.
#pragma once

#include <optional>
#include <string>

#include "proto/units.h"

namespace finishline::control {

class KeptFile {
 public:
  static constexpr Nanos kTellAgain = std::chrono::minutes(1);

  /// `file` "": nothing is kept. `there` is what it holds already; nothing: that is not known.
  explicit KeptFile(std::string file, std::optional<std::string> there = {})
      : file_(std::move(file)), there_(std::move(there)) {}

  /// Whether a restart will find this text: it is written where the file holds another one, or is gone. The
  /// log is told that it cannot be (changes_not_kept), once a minute while that is so.
  bool keep(const std::string& text);
  /// Why the last keep() said no, with what to mend; "" where it said yes.
  const std::string& why_not() const { return why_not_; }

 private:
  void tell(const char* reason);

  std::string file_;
  std::optional<std::string> there_;
  std::string why_not_;
  std::optional<Instant> told_at_;  // nothing: all is well
};

}  // namespace finishline::control
