#include "proto/c/outbox.h"

#include <sys/socket.h>

#include <cerrno>

namespace finishline::clib {
namespace {

constexpr std::size_t kRoomy = 256 * 1024;  // more is given back once it has been sent

}  // namespace

void Outbox::put(proto::FrameHeader header, std::span<const std::byte> body) {
  forget_sent();
  header.body_bytes = static_cast<std::uint32_t>(body.size());
  const std::size_t at = bytes_.size();
  bytes_.resize(at + proto::kHeaderBytes + body.size());
  proto::encode_header(header, bytes_.data() + at);
  if (!body.empty()) std::memcpy(bytes_.data() + at + proto::kHeaderBytes, body.data(), body.size());
}

Outbox::Flush Outbox::flush(int fd) {
  while (!empty()) {
    const ssize_t n = ::send(fd, bytes_.data() + used_, size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN ? Flush::full : Flush::lost;
    used_ += static_cast<std::size_t>(n);
    sent_ += static_cast<std::uint64_t>(n);
  }
  forget_sent();
  return Flush::done;
}

// Sent bytes make room once they are the larger half, so that each byte is moved at most once.
void Outbox::forget_sent() {
  if (used_ == 0 || used_ < size()) return;
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(used_));
  used_ = 0;
  if (bytes_.empty() && bytes_.capacity() > kRoomy) bytes_ = std::vector<std::byte>();
}

}  // namespace finishline::clib
