#include "lb/net/listener.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <utility>

#include "lb/net/timer.h"

namespace finishline::net {

struct TcpListener::Block {
  static constexpr int kAcceptsPerWake = 16;  // then the connections that are there get their turn
  static constexpr Nanos kAfterError = 100ms;

  void watch() {
    uv_poll_start(&poll, UV_READABLE,
                  [](uv_poll_t* handle, int, int) { static_cast<Block*>(handle->data)->accept_some(); });
  }

  void rest(Nanos span) {
    uv_poll_stop(&poll);
    rested.start(span);
  }

  void accept_some() {
    for (int i = 0; i < kAcceptsPerWake && events != nullptr; ++i) {
      const Accept answer = events->may_accept();
      if (answer == Accept::later) {
        uv_poll_stop(&poll);
        return;
      }
      if (answer == Accept::next_turn) {
        ::sched_yield();  // the other process is awake, too: let it run
        return;
      }
      if (!accept_one()) return;
    }
  }

  /// False when there is nothing more to accept now.
  bool accept_one() {
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    const int client =
        ::accept4(fd, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client >= 0) {
      TcpStream stream(*loop, client);
      if (stream) events->on_accept(std::move(stream), Address(reinterpret_cast<sockaddr*>(&peer), length));
      return true;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) return true;
    events->on_accept_error(errno);
    if (events != nullptr) rest(kAfterError);
    return false;
  }

  Loop* loop;
  Events* events;
  int fd;
  Timer rested{*loop, [this] { watch(); }};
  uv_poll_t poll{};
};

TcpListener::TcpListener(Loop& loop, int fd, Events& events)
    : block_(new Block{&loop, &events, ::fcntl(fd, F_DUPFD_CLOEXEC, 0)}) {
  uv_poll_init(loop.raw(), &block_->poll, block_->fd);
  block_->poll.data = block_.get();
  block_->watch();
}

void TcpListener::resume() {
  if (!block_->rested.active()) block_->watch();
}

Address TcpListener::address() const { return bound_address(block_->fd); }

void TcpListener::accept_waiting() {
  while (block_->accept_one()) {
  }
}

void TcpListener::Close::operator()(Block* block) const {
  block->events = nullptr;
  block->rested.stop();
  uv_poll_stop(&block->poll);
  ::close(block->fd);
  uv_close(reinterpret_cast<uv_handle_t*>(&block->poll),
           [](uv_handle_t* poll) { delete static_cast<Block*>(poll->data); });
}

}  // namespace finishline::net
