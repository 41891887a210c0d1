#include "lb/net/pipe_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace finishline::net {

PipeWriter::PipeWriter(Loop& loop, int fd) : loop_(loop), fd_(fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void PipeWriter::write(std::span<const std::byte> bytes) {
  if (fd_ < 0 || bytes.empty()) return;
  unwritten_.push_back(bytes);
  if (!writable_) go_on();
}

void PipeWriter::end() {
  ending_ = true;
  if (unwritten_.empty()) close();
}

void PipeWriter::close() {
  writable_.reset();
  unwritten_.clear();
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void PipeWriter::go_on() {
  while (!unwritten_.empty() && write_some()) {
  }
  if (fd_ < 0) return;
  if (unwritten_.empty()) {
    writable_.reset();
    if (ending_) close();
  } else if (!writable_) {
    writable_.emplace(loop_, fd_, [this] { go_on(); });
  }
}

/// False when the pipe takes no more, now or ever.
bool PipeWriter::write_some() {
  std::span<const std::byte>& first = unwritten_.front();
  const ssize_t count = ::write(fd_, first.data(), first.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count < 0) {
    close();
    return false;
  }
  first = first.subspan(static_cast<std::size_t>(count));
  if (first.empty()) unwritten_.pop_front();
  return true;
}

}  // namespace finishline::net
