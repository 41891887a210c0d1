#include "lb/control/kept_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lb/control/whole_file.h"
#include "lb/log/log.h"

namespace finishline::control {

bool KeptFile::keep(const std::string& text) {
  why_not_ = file_.empty() ? "proxy.state_dir is not set" : "";
  if (file_.empty()) return false;
  const bool as_before = there_ && *there_ == text;
  if (as_before && (text.empty() || ::access(file_.c_str(), F_OK) == 0)) return true;
  if (write_whole(file_, text)) {
    there_ = text;
    told_at_.reset();
    return true;
  }
  const char* const reason = std::strerror(errno);
  why_not_ = file_ + " cannot be written: " + reason;
  tell(reason);
  return false;
}

void KeptFile::tell(const char* reason) {
  const Instant now = std::chrono::steady_clock::now();
  if (told_at_ && now - *told_at_ < kTellAgain) return;
  told_at_ = now;
  log::write(log::Event::changes_not_kept, {{"file", file_}, {"reason", reason}});
}

}  // namespace finishline::control
