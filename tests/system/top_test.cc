// `finishline top` on a terminal of its own, and without one.
#include <doctest/doctest.h>
#include <poll.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/proxy_under_test.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// A program on a terminal of 80 by 24, reaped at the end.
class OnTerminal {
 public:
  explicit OnTerminal(std::vector<std::string> arguments) {
    winsize size{24, 80, 0, 0};
    pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    if (pid_ == 0) {
      ::setenv("TERM", "xterm", 1);
      ::setenv("LC_ALL", "C.UTF-8", 1);
      std::vector<char*> words;
      for (std::string& word : arguments) words.push_back(word.data());
      words.push_back(nullptr);
      ::execv(words[0], words.data());
      ::_exit(127);
    }
    REQUIRE(pid_ > 0);
  }
  ~OnTerminal() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(terminal_);
  }
  void type(const std::string& keys) {
    REQUIRE(::write(terminal_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  }
  /// Whether these words come to be written, from the last ones that were waited for on.
  bool shows(const std::string& words) {
    return wait_until([&] {
      read_some();
      const auto at = written_.find(words, seen_);
      if (at == std::string::npos) return false;
      seen_ = at + words.size();
      return true;
    });
  }
  /// Its exit status; -1: it does not end.
  int ends() {
    int status = -1;
    const bool ended = wait_until([&] {
      read_some();
      return ::waitpid(pid_, &status, WNOHANG) == pid_;
    });
    if (ended) pid_ = -1;
    return ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  void read_some() {
    pollfd readable{terminal_, POLLIN, 0};
    char bytes[4096];
    while (::poll(&readable, 1, 0) == 1 && (readable.revents & POLLIN) != 0) {
      const ssize_t n = ::read(terminal_, bytes, sizeof bytes);
      if (n <= 0) return;
      written_.append(bytes, static_cast<std::size_t>(n));
    }
  }

  pid_t pid_ = -1;
  int terminal_ = -1;
  std::string written_;
  std::size_t seen_ = 0;
};

SetUp with_token(const std::string& token) {
  ::chmod(token.c_str(), 0600);
  return {.servers = {{.name = "video-1"}, {.name = "video-2"}},
          .proxy_keys = "admin_token_file = \"" + token + "\"\n"};
}

}  // namespace

TEST_CASE("top shows servers on a terminal, drains one by key, and leaves the terminal as it was") {
  const TempDir dir;
  ProxyUnderTest proxy(with_token(dir.write("token", "a-secret-for-this-test")));
  OnTerminal top({program("finishline"), "top", "-c", proxy.config_file()});
  CHECK(top.shows("video-1"));
  CHECK(top.shows("video-2"));
  top.type("jj");
  top.type("d");
  CHECK(top.shows("Drain video-2?"));
  top.type("y");
  CHECK(top.shows("video-2 is draining"));
  CHECK(proxy.get("/stats").body.find("\"draining\"") != std::string::npos);
  top.type("q");
  CHECK(top.ends() == 0);
}

TEST_CASE("top asks for a token where it was given none, and tells when it is wrong") {
  const TempDir dir;
  ProxyUnderTest proxy(with_token(dir.write("token", "a-secret-for-this-test")));
  OnTerminal top(
      {program("finishline"), "top", "--admin", "127.0.0.1:" + std::to_string(proxy.admin_port())});
  CHECK(top.shows("video-1"));
  top.type("jd");
  CHECK(top.shows("token: "));
  top.type("wrong\ry");
  CHECK(top.shows("token"));
  top.type("d");
  CHECK(top.shows("token: "));
  top.type("a-secret-for-this-test\ry");
  CHECK(top.shows("video-1 is draining"));
  top.type("q");
  CHECK(top.ends() == 0);
}

TEST_CASE("top without a terminal writes lines, and without a proxy says so") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}});
  ChildProcess top(program("finishline"), {"top", "-c", proxy.config_file(), "--interval", "0.1"});
  CHECK(wait_until([&] { return top.output().find("  video-1  up  done in ") != std::string::npos; }));
  top.signal(SIGINT);
  CHECK(top.wait().has_value());
  CHECK(run("finishline", {"top", "--admin", "127.0.0.1:1"}).exit == Exit{1});
}
