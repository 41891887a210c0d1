#include "proto/c/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "proto/c/error_text.h"

namespace finishline::clib {

void Connector::pursue(Instant now) {
  if (due_ && now < *due_) return;
  if (socket_) return fail(now, system_words(text_of(address()), ETIMEDOUT));
  begin(now);
}

Descriptor Connector::finish(Instant now) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) {
    fail(now, system_words(text_of(address()), error));
    return Descriptor();
  }
  poller_.remove(socket_.get());
  failures_ = 0;
  why_.clear();
  due_.reset();
  return std::exchange(socket_, Descriptor());
}

void Connector::rest() {
  if (!socket_) return;
  socket_.close();
  due_.reset();
}

void Connector::begin(Instant now) {
  const SocketAddress& to = address();
  socket_ = Descriptor(::socket(to.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return fail(now, system_words("socket", errno));
  const int on = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket_.get(), to.get(), to.length) != 0 && errno != EINPROGRESS)
    return fail(now, system_words(text_of(to), errno));
  poller_.add(socket_.get(), EPOLLOUT, kTag);
  due_ = now + longest_attempt_;
}

// Behind a whole round of failures the names are looked up again, and the pause grows.
void Connector::fail(Instant now, const std::string& why) {
  socket_.close();
  why_ = why;
  ++failures_;
  ++next_;
  const auto round = static_cast<unsigned>(addresses_.addresses().size());
  if (failures_ % round != 0) {
    due_ = now;
    return;
  }
  due_ = now + rule_.backoff(failures_ / round, chance_.next());
  addresses_.resolve();
}

const SocketAddress& Connector::address() const {
  return addresses_.addresses()[next_ % addresses_.addresses().size()];
}

}  // namespace finishline::clib
