#include "lb/process/secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace finishline::process {
namespace {

constexpr std::size_t kMostBytes = 64 * 1024;
constexpr const char* kSpace = " \t\r\n";
constexpr const char* kCloseIt = "chmod 600 it";

/// Why this file is no place for a secret.
std::optional<std::string> unsafe(const struct stat& file) {
  if (!S_ISREG(file.st_mode)) return "is no regular file";
  if (file.st_uid != ::geteuid() && file.st_uid != 0) return "belongs to another user";
  if ((file.st_mode & (S_IRWXO | S_IWGRP)) != 0)
    return std::string("may be read or changed by others: ") + kCloseIt;
  return std::nullopt;
}

}  // namespace

void wipe(std::string& text) {
  text.resize(text.capacity());
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

std::variant<Secret, std::string> read_secret(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not hold us up
  if (fd < 0) return file + ": " + std::strerror(errno);
  struct stat status {};
  std::string text(kMostBytes + 1, '\0');
  std::optional<std::string> fault;
  if (::fstat(fd, &status) != 0)
    fault = std::strerror(errno);
  else
    fault = unsafe(status);
  const ssize_t bytes = fault ? 0 : ::read(fd, text.data(), text.size());
  if (bytes < 0) fault = std::strerror(errno);
  ::close(fd);
  if (fault) return file + ' ' + *fault;
  text.resize(static_cast<std::size_t>(bytes));
  Secret whole(std::move(text));
  if (whole.text.size() > kMostBytes) return file + " is longer than a secret can be";
  const auto begin = whole.text.find_first_not_of(kSpace);
  if (begin == std::string::npos) return file + " is empty";
  Secret secret(whole.text.substr(begin, whole.text.find_last_not_of(kSpace) + 1 - begin));
  secret.line += static_cast<std::size_t>(
      std::count(whole.text.begin(), whole.text.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
  return secret;
}

bool says_what_to_do(std::string_view reason) { return reason.ends_with(kCloseIt); }

bool same_secret(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() == secret.size() ? 0 : 1;
  for (std::size_t i = 0; i < secret.size(); ++i) {
    const char c = i < given.size() ? given[i] : '\0';
    difference |= static_cast<unsigned char>(c ^ secret[i]);
  }
  return difference == 0;
}

}  // namespace finishline::process
