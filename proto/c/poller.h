// The descriptors that something waits for: epoll(7) with an owner. Its own descriptor is readable when one
// of them is ready, so that it may stand in anybody's event loop.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

#include "proto/c/descriptor.h"
#include "proto/c/moment.h"

namespace finishline::clib {

class Poller {
 public:
  using Event = epoll_event;  // data.u64 is the tag

  /// Throws std::system_error when the kernel has no more descriptors.
  Poller();

  int descriptor() const { return epoll_.get(); }
  /// `events` as EPOLLIN | EPOLLOUT; a closed descriptor leaves by itself. Throws std::system_error.
  void add(int fd, std::uint32_t events, std::uint64_t tag);
  void change(int fd, std::uint32_t events, std::uint64_t tag) noexcept;
  void remove(int fd) noexcept;
  /// Waits for at most so many milliseconds (-1: for ever). None when the time is up or a signal came. Good
  /// until the next call.
  std::span<const Event> wait(int at_most_ms) noexcept;

 private:
  Descriptor epoll_;
  std::array<Event, 64> events_{};
};

/// Milliseconds from `now` until then as poll(2) takes them: rounded up, at most an hour; -1 for kNever.
int poll_ms(Instant when, Instant now) noexcept;

}  // namespace finishline::clib
