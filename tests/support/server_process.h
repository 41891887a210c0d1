// A reference server in a child process, on a port that the kernel chose; ended and reaped with its owner.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "lb/net/socket.h"
#include "servers/run.h"

namespace finishline::test {

class ServerProcess {
 public:
  /// `options.listen` is chosen here.
  explicit ServerProcess(server::Options options) {
    options.listen = std::get<net::Address>(net::parse_address("127.0.0.1:0"));
    int out[2];
    if (::pipe(out) != 0) ::abort();
    std::cout.flush();  // else the child prints what the parent has buffered
    std::fflush(stdout);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(out[1], STDOUT_FILENO);
      ::close(out[0]);
      ::close(out[1]);
      ::_exit(server::run(options));
    }
    ::close(out[1]);
    address_ = read_address(out[0]);
    ::close(out[0]);
  }
  ~ServerProcess() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const net::Address& address() const { return address_; }
  void send(int signal) const { ::kill(pid_, signal); }
  /// Waits for its end: the exit code, or minus the number of the signal that ended it.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  // Reads "listening on 127.0.0.1:PORT" up to its end of line.
  static net::Address read_address(int fd) {
    std::string line;
    char c = 0;
    while (::read(fd, &c, 1) == 1 && c != '\n') line += c;
    return std::get<net::Address>(net::parse_address(line.substr(line.rfind(' ') + 1)));
  }

  pid_t pid_ = 0;
  net::Address address_;
};

}  // namespace finishline::test
