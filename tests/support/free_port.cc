#include "tests/support/free_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "lb/net/socket.h"

namespace finishline::test {

FreePort::FreePort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd_, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0) {
    ::close(fd_);
    throw std::runtime_error("no free port on 127.0.0.1");
  }
  number_ = net::bound_address(fd_).port();
}

FreePort::FreePort(FreePort&& other) noexcept : fd_(std::exchange(other.fd_, -1)), number_(other.number_) {}

FreePort::~FreePort() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace finishline::test
