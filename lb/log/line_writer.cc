#include "lb/log/line_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <string>

namespace finishline::log {
namespace {

constexpr int kRoomOfPipe = 1 << 20;  // bytes; what everybody may ask for

/// 0 for a failed call.
std::size_t count(ssize_t n) { return n > 0 ? static_cast<std::size_t>(n) : 0; }

bool has_room(int fd) {
  pollfd asked{fd, POLLOUT, 0};
  return ::poll(&asked, 1, 0) == 1 && (asked.revents & POLLOUT) != 0;
}

/// Of a file; -1: unknown.
long long size_of(int fd) {
  struct stat file {};
  return ::fstat(fd, &file) == 0 ? static_cast<long long>(file.st_size) : -1;
}

}  // namespace

LineWriter::LineWriter(int fd, bool owned) : fd_(fd), owned_(owned) { choose_way(); }

LineWriter::~LineWriter() {
  if (owned_) ::close(fd_);
  for (const int end : pipe_)
    if (end >= 0) ::close(end);
}

void LineWriter::choose_way() {
  struct stat what {};
  if (::fstat(fd_, &what) != 0) return;
  if (S_ISREG(what.st_mode)) {
    way_ = Way::append;
  } else if (S_ISSOCK(what.st_mode)) {
    way_ = Way::send;
  } else if ((::fcntl(fd_, F_GETFL) & O_NONBLOCK) != 0 || open_anew()) {
    way_ = Way::write;
  } else {
    way_ = S_ISFIFO(what.st_mode) && open_pipe() ? Way::splice : Way::ask;
  }
}

bool LineWriter::open_anew() {
  const std::string name = "/proc/self/fd/" + std::to_string(fd_);
  const int own = ::open(name.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (own < 0) return false;
  if (owned_) ::close(fd_);
  fd_ = own;
  owned_ = true;
  return true;
}

/// Each line that is spliced takes a page of the pipe, so the pipe is asked to have more of them.
bool LineWriter::open_pipe() {
  ::fcntl(fd_, F_SETPIPE_SZ, kRoomOfPipe);
  return ::pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) == 0;
}

bool LineWriter::write(std::string_view line) {
  if (cut_ && pass_some("\n") == 0) return false;
  cut_ = false;
  return way_ == Way::append ? append(line) : pass(line);
}

// --- files -------------------------------------------------------------------------------------------

bool LineWriter::append(std::string_view line) {
  const long long before = size_of(fd_);
  const std::size_t written = count(::write(fd_, line.data(), line.size()));
  if (written == line.size()) return true;
  if (written > 0) take_back(before, written);
  return false;
}

/// The part is the file's end if the file has grown by just that; else another process has written behind it.
void LineWriter::take_back(long long size_before, std::size_t written) {
  const bool last = size_before >= 0 && size_of(fd_) == size_before + static_cast<long long>(written);
  cut_ = !last || ::ftruncate(fd_, size_before) != 0;
  if (!cut_) ::lseek(fd_, size_before, SEEK_SET);  // for a file that is not appended to
}

// --- what cannot be taken back -------------------------------------------------------------------------

bool LineWriter::pass(std::string_view line) {
  const std::size_t passed = pass_some(line);
  cut_ = passed > 0 && passed < line.size();
  return passed == line.size();
}

std::size_t LineWriter::pass_some(std::string_view bytes) {
  switch (way_) {
    case Way::send:
      return count(::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
    case Way::splice:
      return splice_some(bytes);
    case Way::ask:
      if (!has_room(fd_)) return 0;
      return count(::write(fd_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF)));
    case Way::append:
    case Way::write:
      break;
  }
  return count(::write(fd_, bytes.data(), bytes.size()));
}

std::size_t LineWriter::splice_some(std::string_view bytes) {
  const std::size_t wanted = count(::write(pipe_[1], bytes.data(), bytes.size()));
  std::size_t moved = 0;
  while (moved < wanted) {
    const ssize_t n = ::splice(pipe_[0], nullptr, fd_, nullptr, wanted - moved, SPLICE_F_NONBLOCK);
    if (n <= 0) break;
    moved += static_cast<std::size_t>(n);
  }
  char rest[PIPE_BUF];
  for (std::size_t left = wanted - moved; left > 0;) {
    const std::size_t n = count(::read(pipe_[0], rest, std::min(left, sizeof rest)));
    if (n == 0) break;
    left -= n;
  }
  return moved;
}

}  // namespace finishline::log
