#include "lb/net/pipe_pool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace finishline::net {
namespace {

/// A smaller pipe takes more calls than large reads do.
constexpr int kLeastUseful = 256 * 1024;

ssize_t splice_some(int from, int to, std::size_t most) {
  for (;;) {
    const ssize_t n = ::splice(from, nullptr, to, nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n >= 0) return n;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace

SplicePipe::~SplicePipe() {
  account(-static_cast<std::ptrdiff_t>(held_));
  ::close(in_);
  ::close(out_);
}

void SplicePipe::account(std::ptrdiff_t change) {
  held_ += static_cast<std::size_t>(change);
  loop_.buffered_bytes_ += static_cast<std::size_t>(change);
}

ssize_t SplicePipe::fill_from(int from, std::size_t most) {
  const ssize_t n = splice_some(from, in_, std::min(most, kBytes));
  if (n == -EAGAIN) return 0;
  if (n > 0) account(n);
  refused_ = n == -EINVAL || n == -ENOSYS || n == -EPERM;
  return n == 0 ? -ENODATA : n;
}

ssize_t SplicePipe::empty_into(int to) {
  ssize_t sum = 0;
  while (held_ > 0) {
    const ssize_t n = splice_some(out_, to, held_);
    if (n == 0 || n == -EAGAIN) break;
    if (n < 0) return n;
    account(-n);
    sum += n;
  }
  return sum;
}

ssize_t SplicePipe::take_head(std::span<std::byte> room) {
  const ssize_t n = ::read(out_, room.data(), std::min(room.size(), held_));
  if (n < 0) return -errno;
  account(-n);
  return n;
}

PipePool::Lease PipePool::take() {
  Lease none(nullptr, GiveBack{this});
  if (refused_ || in_use_ >= kMost) return none;
  std::unique_ptr<SplicePipe> pipe;
  if (kept_.empty()) {
    pipe = make();
  } else {
    pipe = std::move(kept_.back());
    kept_.pop_back();
  }
  if (!pipe) return none;
  ++in_use_;
  return Lease(pipe.release(), GiveBack{this});
}

std::unique_ptr<SplicePipe> PipePool::make() {
  const Instant now = loop_.now();
  if (now < ask_at_) return nullptr;
  int ends[2];
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0) {
    std::unique_ptr<SplicePipe> pipe(new SplicePipe(loop_, ends[1], ends[0]));
    if (::fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(SplicePipe::kBytes)) >= kLeastUseful) return pipe;
  }
  ask_at_ = now + kAskAgain;
  return nullptr;
}

/// What is left in it came from a stream that is no more.
void PipePool::give_back(std::unique_ptr<SplicePipe> pipe) {
  --in_use_;
  if (pipe->refused_) refused_ = true;
  if (pipe->empty()) kept_.push_back(std::move(pipe));
}

}  // namespace finishline::net
