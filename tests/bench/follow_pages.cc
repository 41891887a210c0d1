// Follows the dashboard's event stream as so many open pages would, until it is ended by a signal: for
// measuring what pages cost the proxy.
//   follow_pages HOST:PORT COUNT UNREAD
// UNREAD of them are never read. Prints "following COUNT" once each that is read has had its first bytes;
// and in the end how many events were read, and how many streams the proxy has ended.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/net/socket.h"

namespace {

using namespace finishline;

volatile std::sig_atomic_t ending = 0;
void end(int /*signal*/) { ending = 1; }

// Microseconds: what has come by then is read at once, so that this process leaves the cores to the proxy.
constexpr unsigned kPause = 50'000;

struct Page {
  int fd = -1;
  std::size_t events = 0;
  bool ended = false;
};

/// -1 when the proxy does not take it.
int open_page(const net::Address& address, const std::string& request) {
  const int fd = ::socket(address.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, address.data(), address.length()) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()))
    return fd;
  std::perror("cannot open a page");
  ::close(fd);
  return -1;
}

/// What has come on one: events end with an empty line.
void read_page(Page& page) {
  std::array<char, 65536> bytes;
  const ssize_t got = ::recv(page.fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got == 0) page.ended = true;
  const std::string_view text(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  for (auto at = text.find("\n\n"); at != std::string_view::npos; at = text.find("\n\n", at + 2))
    ++page.events;
}

/// Until a signal comes; `unread` at the front are left alone.
void follow(std::vector<Page>& pages, std::size_t unread) {
  std::vector<pollfd> watched;
  for (std::size_t i = unread; i < pages.size(); ++i)
    watched.push_back({.fd = pages[i].fd, .events = POLLIN, .revents = 0});
  for (bool told = false; ending == 0;) {
    if (::poll(watched.data(), watched.size(), 1000) <= 0) continue;
    ::usleep(kPause);
    for (std::size_t i = 0; i < watched.size(); ++i) {
      if (watched[i].revents == 0) continue;
      read_page(pages[unread + i]);
      if (pages[unread + i].ended) watched[i].fd = -1;
    }
    if (told) continue;
    const auto heard =
        std::count_if(pages.begin(), pages.end(), [](const Page& it) { return it.events > 0; });
    if (static_cast<std::size_t>(heard) < watched.size()) continue;
    told = true;
    std::printf("following %zu\n", pages.size());
    std::fflush(stdout);
  }
}

/// Whether the other end has closed one that was never read.
bool closed_by_proxy(int fd) {
  pollfd it{.fd = fd, .events = POLLRDHUP, .revents = 0};
  return ::poll(&it, 1, 0) > 0 && (it.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string at = argc == 4 ? argv[1] : "";
  const auto address = net::parse_address(at);
  const std::size_t count = argc == 4 ? std::strtoul(argv[2], nullptr, 10) : 0;
  const std::size_t unread = argc == 4 ? std::strtoul(argv[3], nullptr, 10) : 0;
  if (!std::holds_alternative<net::Address>(address) || count == 0 || unread > count) {
    std::fputs("usage: follow_pages HOST:PORT COUNT UNREAD\n", stderr);
    return 2;
  }
  std::signal(SIGTERM, end);
  std::vector<Page> pages(count);
  const std::string request = "GET /api/v1/stream HTTP/1.1\r\nHost: " + at + "\r\n\r\n";
  for (Page& page : pages)
    if (page.fd = open_page(std::get<net::Address>(address), request); page.fd < 0) return 1;
  follow(pages, unread);
  std::size_t events = 0, ended = 0, dropped = 0;
  for (std::size_t i = 0; i < count; ++i) {
    events += pages[i].events;
    ended += pages[i].ended ? 1 : 0;
    dropped += i < unread && closed_by_proxy(pages[i].fd) ? 1 : 0;
  }
  std::printf("events %zu\nended %zu\ndropped %zu\n", events, ended, dropped);
  return 0;
}
