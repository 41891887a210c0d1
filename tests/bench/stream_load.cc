// Load for proxies of plain TCP, and the servers behind it, in one program.
//
//   stream_load serve                                  echoes small messages, drinks what is sent in bulk
//   stream_load echo HOST:PORT CONNECTIONS SECONDS     40 bytes there and back, one at a time per connection
//   stream_load bulk HOST:PORT CONNECTIONS SECONDS     as much as goes, one way
//   stream_load connect HOST:PORT CONNECTIONS SECONDS  connect, 40 bytes there and back, close, again
//
// `serve` prints "serving 127.0.0.1:PORT"; a connection's first byte says which it is. The others print
// "COUNT SECONDS": messages, bytes sent, or connections, and the time that it took.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/net/socket.h"

namespace {

using namespace finishline;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMessage = 40;
constexpr std::size_t kBulk = 256 * 1024;
constexpr char kEcho = 'e';
constexpr char kDrink = 'd';

std::array<char, kBulk> buffer;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "stream_load: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

void watch(int epoll, int fd, std::uint32_t events, int operation = EPOLL_CTL_ADD) {
  epoll_event event{.events = events, .data = {.fd = fd}};
  if (::epoll_ctl(epoll, operation, fd, &event) != 0) fail("epoll_ctl");
}

void set_no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// --- the server --------------------------------------------------------------------------------------

/// True while the connection is open.
bool serve_one(int fd, std::vector<char>& kinds) {
  const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN;
  if (got == 0) return false;
  if (kinds.size() <= static_cast<std::size_t>(fd)) kinds.resize(static_cast<std::size_t>(fd) + 1);
  char& kind = kinds[static_cast<std::size_t>(fd)];
  if (kind == 0) kind = buffer[0];
  if (kind == kEcho) return ::send(fd, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
  return true;
}

int serve() {
  const auto listener = net::open_listener(std::get<net::Address>(net::parse_address("127.0.0.1:0")));
  const int listening = std::get<int>(listener);
  std::printf("serving %s\n", net::bound_address(listening).to_string().c_str());
  std::fflush(stdout);
  const int epoll = ::epoll_create1(0);
  watch(epoll, listening, EPOLLIN);
  std::vector<char> kinds;  // by descriptor; 0: not known yet
  std::array<epoll_event, 256> events{};
  for (;;) {
    const int n = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < n; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listening) {
        const int made = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
        if (made < 0) continue;
        set_no_delay(made);
        watch(epoll, made, EPOLLIN);
      } else if (!serve_one(fd, kinds)) {
        if (kinds.size() > static_cast<std::size_t>(fd)) kinds[static_cast<std::size_t>(fd)] = 0;
        ::close(fd);
      }
    }
  }
}

// --- the clients -------------------------------------------------------------------------------------

int connected(const net::Address& address) {
  const int fd = ::socket(address.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::connect(fd, address.data(), address.length()) != 0) fail("connect");
  set_no_delay(fd);
  return fd;
}

struct Run {
  net::Address address;
  int connections;
  double seconds;
  int epoll = ::epoll_create1(0);
  Clock::time_point begin = Clock::now();
  bool over() const { return elapsed() >= seconds; }
  double elapsed() const { return std::chrono::duration<double>(Clock::now() - begin).count(); }
};

void send_message(int fd) {
  std::array<char, kMessage> message{};
  message.fill(kEcho);
  if (::send(fd, message.data(), message.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(message.size()))
    fail("send");
}

template <class OnEvent>
void each_event(const Run& run, OnEvent on_event) {
  std::array<epoll_event, 256> events{};
  while (!run.over()) {
    const int n = ::epoll_wait(run.epoll, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < n; ++i) on_event(events[static_cast<std::size_t>(i)].data.fd);
  }
}

/// Waits for the rest when only a part is there.
void take_answer(int fd) {
  const ssize_t got = ::recv(fd, buffer.data(), kMessage, MSG_WAITALL);
  if (got != static_cast<ssize_t>(kMessage)) fail("the answer is cut short");
}

std::uint64_t echo(Run& run) {
  std::uint64_t messages = 0;
  for (int i = 0; i < run.connections; ++i) {
    const int fd = connected(run.address);
    watch(run.epoll, fd, EPOLLIN);
    send_message(fd);
  }
  each_event(run, [&](int fd) {
    take_answer(fd);
    ++messages;
    send_message(fd);
  });
  return messages;
}

std::uint64_t bulk(Run& run) {
  buffer.fill(kDrink);
  std::uint64_t bytes = 0;
  for (int i = 0; i < run.connections; ++i) watch(run.epoll, connected(run.address), EPOLLOUT);
  each_event(run, [&](int fd) {
    const ssize_t sent = ::send(fd, buffer.data(), buffer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) bytes += static_cast<std::uint64_t>(sent);
  });
  return bytes;
}

std::uint64_t connect_often(Run& run) {
  std::uint64_t made = 0;
  const auto begin_one = [&] {
    const int fd = connected(run.address);
    watch(run.epoll, fd, EPOLLIN);
    send_message(fd);
  };
  for (int i = 0; i < run.connections; ++i) begin_one();
  each_event(run, [&](int fd) {
    take_answer(fd);
    ++made;
    ::close(fd);
    begin_one();
  });
  return made;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "serve") return serve();
  const bool known = what == "echo" || what == "bulk" || what == "connect";
  if (argc != 5 || !known) {
    std::fprintf(stderr, "usage: stream_load serve | echo|bulk|connect HOST:PORT CONNECTIONS SECONDS\n");
    return 2;
  }
  const auto address = net::parse_address(argv[2]);
  if (!std::holds_alternative<net::Address>(address)) fail("bad address");
  Run run{std::get<net::Address>(address), std::atoi(argv[3]), std::atof(argv[4])};
  const std::uint64_t count = what == "echo" ? echo(run) : what == "bulk" ? bulk(run) : connect_often(run);
  std::printf("%llu %.6f\n", static_cast<unsigned long long>(count), run.elapsed());
}
