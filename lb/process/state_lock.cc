#include "lb/process/state_lock.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

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
  folder_ = folder;
  return renew();
}

void StateLock::adopt(const std::string& folder, Descriptor file) {
  folder_ = folder;
  file_ = std::move(file);
}

/// Whether what is locked is what others find in the folder.
bool StateLock::holds() const {
  struct stat ours {
  }, there{};
  return file_ && ::fstat(file_.get(), &ours) == 0 && ::stat(lock_in(folder_).c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/// A file that this process has locked is not opened again: to close it would let go of the lock.
std::optional<std::string> StateLock::renew() {
  if (folder_.empty() || holds()) return std::nullopt;
  Descriptor fresh(
      ::open(lock_in(folder_).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!fresh) return std::nullopt;
  if (!lock_file(fresh.get())) return words_about(folder_, lock_owner(fresh.get()));
  file_ = std::move(fresh);
  return std::nullopt;
}

}  // namespace finishline::process
