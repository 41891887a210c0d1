// A log that nobody reads: traffic goes on, orders are obeyed, and what is lost is counted and said.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <sstream>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/free_port.h"
#include "tests/support/http.h"
#include "tests/support/tcp_peer.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;
using proto::Status;

namespace {

/// A pipe with room for a few lines.
class NarrowPipe {
 public:
  NarrowPipe() {
    REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0);
    ::fcntl(ends_[0], F_SETPIPE_SZ, 4096);
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~NarrowPipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int writer() const { return ends_[1]; }
  std::string read() const {
    std::string text(1 << 16, '\0');
    const ssize_t n = ::read(ends_[0], text.data(), text.size());
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
  }

 private:
  std::array<int, 2> ends_{};
};

/// A proxy and a server whose standard error is a pipe, as a supervisor or a shell would have it.
class Piped {
 public:
  explicit Piped(const NarrowPipe& pipe)
      : server_(start(pipe, {"finishline-server", "--type", "video", "--listen", server_port_.address(),
                             "--unit", "1us"})),
        proxy_(start(pipe, {"finishline", "run", "-c", dir_.write("finishline.toml", configuration())})) {
    REQUIRE(wait_until(
        [&] { return TcpPeer::can_connect(port_.number()) && TcpPeer::can_connect(admin_.number()); }));
  }

  ChildProcess& proxy() { return proxy_; }
  ChildProcess& server() { return server_; }
  HttpReply get(const std::string& path) const { return http_get(admin_.number(), path); }
  /// A connection and a request: at level debug a handful of lines.
  Status ask() const {
    TcpPeer client = TcpPeer::connect(port_.number());
    REQUIRE(client.send_frame({.type = 'V', .flags = proto::kRetryable, .id = 1, .length = 1}));
    const auto reply = client.read_frame();
    return reply ? reply->status() : Status::server_lost;
  }

 private:
  static ChildProcess start(const NarrowPipe& pipe, std::vector<std::string> words) {
    words.front() = program(words.front());
    words.insert(words.begin(), {"-c", "exec \"$0\" \"$@\" 2>&3"});
    return ChildProcess("/bin/sh", words, pipe.writer());
  }
  std::string configuration() const {
    return "[proxy]\nworkers = 2\nadmin = \"" + admin_.address() + "\"\n[log]\nlevel = \"debug\"\n" +
           "[[listener]]\nname = \"media\"\nbind = \"" + port_.address() +
           "\"\npool = \"media\"\n[pool.media]\n" +
           "[[server]]\nname = \"video-1\"\npool = \"media\"\ntype = \"video\"\naddress = \"" +
           server_port_.address() + "\"\n";
  }

  TempDir dir_;
  FreePort port_, admin_, server_port_;
  ChildProcess server_;
  ChildProcess proxy_;
};

/// As Prometheus reads it.
long metric(const Piped& set_up, const std::string& name) {
  const std::string page = set_up.get("/metrics").body;
  const auto at = page.find('\n' + name + ' ');
  return at == std::string::npos ? -1 : std::atol(page.c_str() + at + 2 + name.size());
}

}  // namespace

TEST_CASE("standard error is a pipe that nobody reads: requests are served, reloads and the end are obeyed") {
  const NarrowPipe pipe;
  Piped set_up(pipe);
  REQUIRE(wait_until([&] { return set_up.ask() == Status::ok; }));  // the server has its link
  for (int i = 0; i < 100; ++i) REQUIRE(set_up.ask() == Status::ok);
  CHECK(set_up.get("/healthz").status == 200);
  set_up.proxy().signal(SIGHUP);
  CHECK(wait_until([&] { return metric(set_up, "finishline_config_revision") == 2; }));
  CHECK(wait_until([&] { return metric(set_up, "finishline_log_lines_lost_total") > 20; }));
  CHECK(set_up.proxy().stop() == Exit{0, 0});
  CHECK(set_up.server().stop() == Exit{0, 0});
}

TEST_CASE("a reader that comes back finds whole lines, and is told how many were lost") {
  const NarrowPipe pipe;
  Piped set_up(pipe);
  for (int i = 0; i < 100; ++i) REQUIRE(set_up.ask() == Status::ok);
  REQUIRE(wait_until([&] { return metric(set_up, "finishline_log_lines_lost_total") > 20; }));
  std::string text;
  CHECK(wait_until([&] {
    text += pipe.read();
    return text.find(" lines_lost lines=") != std::string::npos && text.ends_with('\n');
  }));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(line.starts_with("20"));
    CHECK(line.find("\n20") == std::string::npos);
  }
}

namespace {

/// A worker without system calls, and nothing behind it.
std::string logging_to(const std::string& file, const FreePort& port) {
  return "[proxy]\nworkers = 1\nadmin = \"\"\nseccomp = true\n[log]\nlevel = \"debug\"\nfile = \"" + file +
         "\"\n[[listener]]\nname = \"media\"\nbind = \"" + port.address() +
         "\"\npool = \"media\"\n[pool.media]\ncheck = \"off\"\n[[server]]\nname = \"video-1\"\n"
         "pool = \"media\"\ntype = \"video\"\naddress = \"127.0.0.1:1\"\n";
}

}  // namespace

TEST_CASE(
    "a disk that is full leaves no cut line, and a worker that has given up its system calls lives through "
    "it") {
  TempDir dir;
  const FreePort port;
  const std::string file = dir.file("log");
  const std::string config = dir.write("finishline.toml", logging_to(file, port));
  ChildProcess proxy(program("finishline"), {"run", "-c", config});
  const std::string words = " worker_started worker=0 pid=";
  REQUIRE(wait_until([&] {
    return TcpPeer::can_connect(port.number()) && dir.read("log").find(words) != std::string::npos;
  }));
  const std::string log = dir.read("log");
  const auto at = log.find(words);
  const auto worker = static_cast<pid_t>(std::stol(log.substr(log.find("pid=", at) + 4)));
  const auto limit = [&](rlim_t bytes) {
    const rlimit room{bytes, RLIM_INFINITY};
    return ::prlimit(worker, RLIMIT_FSIZE, &room, nullptr) == 0;
  };
  REQUIRE(limit(log.size() + 500));  // for this process the disk ends there
  for (int i = 0; i < 50; ++i) {
    TcpPeer client = TcpPeer::connect(port.number());
    REQUIRE(client.send("what stands here is no frame at all, and is longer than a head"));
    REQUIRE(client.closed());  // so the worker has had something to log
  }
  REQUIRE(limit(RLIM_INFINITY));
  CHECK(wait_until([&] { return dir.read("log").find(" worker 0 lines_lost lines=") != std::string::npos; }));
  std::istringstream lines(dir.read("log"));
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(line.starts_with("20"));
    CHECK(line.find(line.substr(0, 5), 5) == std::string::npos);  // the year of another one
  }
  CHECK(dir.read("log").find("worker_died") == std::string::npos);
  CHECK(proxy.stop() == Exit{0, 0});
}
