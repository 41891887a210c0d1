#include "lb/process/order.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace finishline::process {
namespace {

struct Head {
  std::uint32_t kind;
  std::uint32_t revision;
};

/// Room for one descriptor in a control message.
struct alignas(cmsghdr) DescriptorMessage {
  char bytes[CMSG_SPACE(sizeof(int))];
};

Descriptor memory_of(const std::string& text) {
  Descriptor memory(::memfd_create("finishline-order", MFD_CLOEXEC));
  if (!memory) return {};
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(memory.get(), text.data() + done, text.size() - done);
    if (n <= 0) return {};
    done += static_cast<std::size_t>(n);
  }
  return memory;
}

std::optional<std::string> text_of(const Descriptor& memory) {
  struct stat file {};
  if (::fstat(memory.get(), &file) != 0) return std::nullopt;
  std::string text(static_cast<std::size_t>(file.st_size), '\0');
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::pread(memory.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (n <= 0) return std::nullopt;
    done += static_cast<std::size_t>(n);
  }
  return text;
}

Descriptor descriptor_in(msghdr& message) {
  const cmsghdr* const control = CMSG_FIRSTHDR(&message);
  if (control == nullptr || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) return {};
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(control), sizeof fd);
  return Descriptor(fd);
}

/// A head and a descriptor, or room for them. Stays where it was made.
struct Envelope {
  explicit Envelope(const Head& its_head = {}) : head(its_head) {
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = &room;
    message.msg_controllen = sizeof room;
  }
  Envelope(const Envelope&) = delete;
  Envelope& operator=(const Envelope&) = delete;

  Head head;
  iovec part{&head, sizeof head};
  DescriptorMessage room{};
  msghdr message{};
};

bool send(int fd, const Head& head, int descriptor) {
  const Envelope envelope(head);
  cmsghdr* const control = CMSG_FIRSTHDR(&envelope.message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(control), &descriptor, sizeof descriptor);
  return ::sendmsg(fd, &envelope.message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof head);
}

/// What a message says, with the descriptor that came along.
Received received(const Head& head, Descriptor descriptor) {
  Order order{.kind = static_cast<Order::Kind>(head.kind), .revision = head.revision};
  if (order.kind == Order::Kind::log || order.kind == Order::Kind::access)
    return {.order = std::move(order), .file = std::move(descriptor)};
  auto text = text_of(descriptor);
  if (!text) return {.order = std::nullopt, .ended = true};
  order.text = std::move(*text);
  return {.order = std::move(order)};
}

}  // namespace

OrderLine open_order_line() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) return {};
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

bool send_order(int fd, const Order& order) {
  const Descriptor memory = memory_of(order.text);
  return memory && send(fd, {static_cast<std::uint32_t>(order.kind), order.revision}, memory.get());
}

bool other_end_closed(int fd) {
  pollfd end{fd, 0, 0};
  return ::poll(&end, 1, 0) == 1 && (end.revents & POLLHUP) != 0;
}

bool send_log(int fd, int file, Order::Kind kind) {
  return send(fd, {static_cast<std::uint32_t>(kind), 0}, file);
}

Received receive_order(int fd) {
  Envelope envelope;
  const ssize_t n = ::recvmsg(fd, &envelope.message, MSG_CMSG_CLOEXEC);
  if (n < 0) return {.order = std::nullopt, .ended = errno != EAGAIN && errno != EINTR};
  Descriptor descriptor = descriptor_in(envelope.message);
  if (n != static_cast<ssize_t>(sizeof(Head)) || !descriptor) return {.order = std::nullopt, .ended = true};
  return received(envelope.head, std::move(descriptor));
}

}  // namespace finishline::process
