#include "lb/net/pipe_reader.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace finishline::net {

PipeReader::PipeReader(Loop& loop, int fd, OnBytes on_bytes)
    : fd_(fd), on_bytes_(std::move(on_bytes)), readable_(std::in_place, loop, fd, [this] { read(); }) {}

void PipeReader::close() {
  readable_.reset();
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

// One read: what is left is told in the next turn.
void PipeReader::read() {
  std::byte part[kMostAtOnce];
  const ssize_t got = ::read(fd_, part, sizeof part);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) close();
  on_bytes_({part, got > 0 ? static_cast<std::size_t>(got) : 0});
}

}  // namespace finishline::net
