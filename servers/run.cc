#include "servers/run.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "lb/log/log.h"
#include "lb/net/timer.h"
#include "servers/admin.h"
#include "servers/server.h"

namespace finishline::server {
namespace {

/// One read of a server that reads slowly.
constexpr std::size_t kSlowReadBytes = 64;

/// SIGTERM and SIGINT: the first drains, the second stops.
class Signals {
 public:
  Signals(net::Loop& loop, const std::function<void()>& drain, const std::function<void()>& stop) {
    const auto come = [this, drain, stop] { ++count_ == 1 ? drain() : stop(); };
    term_.emplace(loop, SIGTERM, come);
    interrupt_.emplace(loop, SIGINT, come);
  }
  /// From here on they end the process.
  void release() {
    term_.reset();
    interrupt_.reset();
  }
  bool came_twice() const { return count_ > 1; }

 private:
  int count_ = 0;
  std::optional<net::Signal> term_;
  std::optional<net::Signal> interrupt_;
};

/// A listening socket; complains when there is none to be had: -1.
int listen_on(const net::Address& address) {
  const auto opened = net::open_listener(address);
  if (const auto* fd = std::get_if<int>(&opened)) return *fd;
  std::fprintf(stderr, "finishline-server: %s: %s\n", address.to_string().c_str(),
               std::get<std::string>(opened).c_str());
  return -1;
}

void announce(const Options& options, int fd, int admin_fd) {
  const std::string address = net::bound_address(fd).to_string();
  std::printf("listening on %s\n", address.c_str());
  if (admin_fd >= 0) std::printf("admin on http://%s/\n", net::bound_address(admin_fd).to_string().c_str());
  std::fflush(stdout);
  log::write(log::Event::serving,
             {{"listener", address}, {"type", options.cost.server_types()[options.type]}});
}

}  // namespace

int run(const Options& options) {
  const int fd = listen_on(options.listen);
  const int admin_fd = fd >= 0 && options.admin ? listen_on(*options.admin) : -1;
  if (fd < 0 || (options.admin && admin_fd < 0)) return 1;
  std::signal(SIGPIPE, SIG_IGN);
  net::Loop loop(options.faults.slow_read ? kSlowReadBytes : net::Loop::kDefaultReadBuffer);
  std::optional<Server> server;
  std::optional<Admin> admin;
  net::Address place = options.listen;
  const auto unbind = [&place] { net::remove_unix_file(std::exchange(place, {})); };
  const auto drain = [&] {
    unbind();  // while we listen there nobody else does
    server->drain();
  };
  Signals signals(loop, drain, [&] { server->stop(); });
  server.emplace(loop, fd, options, [&] {
    signals.release();
    admin.reset();
  });
  if (admin_fd >= 0) admin.emplace(loop, admin_fd, options, [&] { return server->status(); });
  announce(options, fd, admin_fd);
  ::close(fd);
  if (admin_fd >= 0) ::close(admin_fd);
  loop.run();
  unbind();
  return signals.came_twice() ? 1 : 0;
}

}  // namespace finishline::server
