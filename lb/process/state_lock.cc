#include "lb/process/state_lock.h"

#include <fcntl.h>

#include "lb/process/file_lock.h"

namespace finishline::process {
namespace {

std::string lock_in(const std::string& folder) { return folder + "/lock"; }

std::string words_about(const std::string& folder, pid_t owner) {
  return "proxy.state_dir: " + folder + " belongs to a finishline that runs" +
         (owner > 0 ? ", process " + std::to_string(owner) : "") + "; give each proxy a folder of its own";
}

}  // namespace

pid_t StateLock::owner_of(const std::string& folder) {
  return folder.empty() ? 0 : lock_owner(lock_in(folder));
}

std::optional<std::string> StateLock::fault_of(const std::string& folder) {
  const pid_t owner = owner_of(folder);
  return owner == 0 ? std::nullopt : std::optional(words_about(folder, owner));
}

std::optional<std::string> StateLock::take(const std::string& folder) {
  if (auto fault = fault_of(folder)) return fault;
  if (folder.empty()) return std::nullopt;
  file_ = Descriptor(
      ::open(lock_in(folder).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!file_ || lock_file(file_.get())) return std::nullopt;
  return words_about(folder, 0);  // somebody was faster
}

}  // namespace finishline::process
