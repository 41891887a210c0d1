#include "lb/process/credential_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace finishline::process {
namespace {

constexpr std::int64_t kMostOfOne = 4 << 20;

}  // namespace

std::variant<CredentialFiles, std::string> CredentialFiles::copy(const std::vector<std::string>& files) {
  CredentialFiles made;
  if (files.empty()) return made;
  made.copies_ = Descriptor(::memfd_create("finishline-credentials", MFD_CLOEXEC));
  if (!made.copies_) return std::string("no memory for certificates: ") + std::strerror(errno);
  std::int64_t end = 0;
  for (const std::string& file : files)
    if (auto why = made.add(file, end)) return file + ": " + *why;
  return made;
}

/// Why not.
std::optional<std::string> CredentialFiles::add(const std::string& file, std::int64_t& end) {
  const Descriptor from(
      ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe must not hold us up
  struct stat status {};
  if (!from || ::fstat(from.get(), &status) != 0) return std::strerror(errno);
  if (!S_ISREG(status.st_mode)) return "is no regular file";
  if (status.st_size > kMostOfOne) return "is longer than certificates can be";
  identities_.push_back(Identity::of(file, status));
  places_.push_back({end, 0});
  for (;;) {
    const ssize_t n = ::sendfile(copies_.get(), from.get(), nullptr, static_cast<std::size_t>(kMostOfOne));
    if (n < 0) return std::strerror(errno);
    if (n == 0) break;
    places_.back().bytes += n;
  }
  end += places_.back().bytes;
  return std::nullopt;
}

CredentialFiles::Identity CredentialFiles::Identity::of(const std::string& file, const struct stat& status) {
  return {file, status.st_dev, status.st_ino,
          status.st_mtim.tv_sec * std::int64_t{1000000000} + status.st_mtim.tv_nsec, status.st_size};
}

bool CredentialFiles::still(const std::vector<std::string>& files) const {
  std::vector<Identity> now;
  for (const std::string& file : files) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) return false;
    now.push_back(Identity::of(file, status));
  }
  return now == identities_;
}

std::string CredentialFiles::read(const std::string& file) const {
  for (std::size_t i = 0; i < identities_.size(); ++i) {
    if (identities_[i].file != file) continue;
    std::string text(static_cast<std::size_t>(places_[i].bytes), '\0');
    const ssize_t n = ::pread(copies_.get(), text.data(), text.size(), places_[i].offset);
    text.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return text;
  }
  return "";
}

}  // namespace finishline::process
