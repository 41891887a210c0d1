#include "proto/c/poller.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace finishline::clib {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) fail("epoll_create1");
}

void Poller::add(int fd, std::uint32_t events, std::uint64_t tag) {
  Event event{.events = events, .data = {.u64 = tag}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

void Poller::change(int fd, std::uint32_t events, std::uint64_t tag) noexcept {
  Event event{.events = events, .data = {.u64 = tag}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Poller::remove(int fd) noexcept { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

std::span<const Poller::Event> Poller::wait(int at_most_ms) noexcept {
  const int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), at_most_ms);
  return std::span(events_).first(static_cast<std::size_t>(std::max(count, 0)));
}

int poll_ms(Instant when, Instant now) noexcept {
  if (when == kNever) return -1;
  if (when <= now) return 0;
  return static_cast<int>(
      std::chrono::ceil<std::chrono::milliseconds>(std::min<Nanos>(when - now, std::chrono::hours(1)))
          .count());
}

}  // namespace finishline::clib
