#include "lb/log/line_writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "lb/process/spawn.h"

using finishline::log::LineWriter;

namespace {

const std::string kLine = std::string(99, 'x') + "\n";

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    reader = ends[0];
    writer = ends[1];
  }
  ~Pipe() {
    ::close(reader);
    ::close(writer);
  }
  /// All that is in it now.
  std::string read() const {
    ::fcntl(reader, F_SETFL, O_NONBLOCK);
    std::string all;
    std::array<char, 4096> some{};
    for (ssize_t n = 0; (n = ::read(reader, some.data(), some.size())) > 0;)
      all.append(some.data(), static_cast<std::size_t>(n));
    return all;
  }

  int reader = -1;
  int writer = -1;
};

/// How many lines it takes; a writer that waits would hang here.
int fill(LineWriter& writer) {
  int lines = 0;
  while (lines < 100'000 && writer.write(kLine)) ++lines;
  return lines;
}

bool only_whole_lines(const std::string& text) {
  std::string copies;
  while (copies.size() < text.size()) copies += kLine;
  return copies == text;
}

}  // namespace

TEST_CASE("a pipe that nobody reads takes what fits, and from then on nothing is waited for") {
  Pipe pipe;
  LineWriter writer(pipe.writer, false);
  const int taken = fill(writer);
  CHECK(taken > 100);
  CHECK(taken < 100'000);
  CHECK(only_whole_lines(pipe.read()));
  CHECK(writer.write(kLine));
}

TEST_CASE("the pipe of somebody else keeps its flags, whatever we do to ours") {
  Pipe pipe;
  const int before = ::fcntl(pipe.writer, F_GETFL);
  {
    LineWriter writer(pipe.writer, false);
    writer.write(kLine);
  }
  CHECK(::fcntl(pipe.writer, F_GETFL) == before);
  CHECK(::write(pipe.writer, "x", 1) == 1);  // and stays open
}

TEST_CASE("a pipe that must not be opened anew, because it is another user's, is not waited for either") {
  if (::geteuid() != 0) return;
  Pipe pipe;
  const pid_t child = finishline::process::spawn("other", [&] {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) return 2;
    ::alarm(20);
    LineWriter writer(pipe.writer, false);
    const int taken = fill(writer);
    return taken > 10 && taken < 100'000 ? 0 : 1;
  });
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(finishline::process::describe_wait_status(status) == "exit 0");
  CHECK(only_whole_lines(pipe.read()));
}

TEST_CASE(
    "a socket whose other side does not read is not waited for, and a cut line is ended before the next") {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  LineWriter writer(ends[0], true);
  CHECK(fill(writer) < 100'000);
  std::string read(1 << 20, '\0');
  const ssize_t n = ::recv(ends[1], read.data(), read.size(), MSG_DONTWAIT);
  REQUIRE(n > 0);
  read.resize(static_cast<std::size_t>(n));
  CHECK(writer.write("next\n"));
  std::array<char, 64> after{};
  const ssize_t m = ::recv(ends[1], after.data(), after.size(), MSG_DONTWAIT);
  REQUIRE(m > 0);
  const std::string last(after.data(), static_cast<std::size_t>(m));
  CHECK((read.ends_with('\n') ? last == "next\n" : last.ends_with("\nnext\n")));
  ::close(ends[1]);
}

TEST_CASE("a terminal that does not take any more is not waited for") {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) return;
  const int terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(terminal >= 0);
  LineWriter writer(terminal, true);
  CHECK(fill(writer) < 100'000);
  ::close(master);
}

TEST_CASE("a disk that is full takes whole lines or nothing of them") {
  std::string path = "/tmp/finishline-full-XXXXXX";
  const int file = ::mkostemp(path.data(), O_APPEND);
  REQUIRE(file >= 0);
  const pid_t child = finishline::process::spawn("full", [&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit room{250, 250};  // as a full disk: the third line goes out in part
    if (::setrlimit(RLIMIT_FSIZE, &room) != 0) return 2;
    LineWriter writer(file, false);
    if (!writer.write(kLine) || !writer.write(kLine) || writer.write(kLine)) return 1;
    struct stat now {};
    if (::fstat(file, &now) != 0 || now.st_size != 200) return 3;
    return writer.write("short\n") ? 0 : 4;
  });
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(finishline::process::describe_wait_status(status) == "exit 0");
  std::string text(500, '\0');
  text.resize(static_cast<std::size_t>(::pread(file, text.data(), text.size(), 0)));
  CHECK(text == kLine + kLine + "short\n");
  ::close(file);
  ::unlink(path.c_str());
}
