// A server whose work is done by processes that are kept: scripts in Python that speak the little protocol.
#include <doctest/doctest.h>
#include <signal.h>

#include <set>

#include "servers/server.h"
#include "tests/support/installed.h"
#include "tests/support/peer.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using proto::Status;
using test::Peer;
using test::ServerProcess;

namespace {

/// A body is an order: "pid", "sleep", "die", "fail", "spin", "nonsense", "early"; any other is echoed.
constexpr std::string_view kWorker = R"(
import os, struct, sys, time
i, o = sys.stdin.buffer, sys.stdout.buffer
def say(status, body):
    o.write(struct.pack(">BI", status, len(body)) + body)
    o.flush()
while head := i.read(4):
    (size,) = struct.unpack(">I", head)
    if size > 1000000: say(0, b"early"); time.sleep(1000)
    body = i.read(size)
    if body == b"pid": say(0, str(os.getpid()).encode())
    elif body == b"sleep": time.sleep(1000)
    elif body == b"die": sys.exit("no more of this")
    elif body == b"fail": say(9, b"cannot")
    elif body == b"later": say(7, b"")
    elif body == b"spin":
        while True: pass
    elif body == b"nonsense": say(200, b"?")
    elif body == b"babble": say(0, b"word"); time.sleep(0.05); o.write(b"x"); o.flush()
    elif body == b"twice": o.write(struct.pack(">BI3s", 0, 3, b"one") * 2); o.flush()
    else: say(0, body)
)";

class KeptServer {
 public:
  explicit KeptServer(std::uint32_t processes, server::ExecOptions limits = {})
      : server_(options(processes, std::move(limits))), peer_(server_.address()) {}

  void send(std::string_view body, std::uint32_t deadline_ms = 0) {
    peer_.send(test::frame_of({.type = 'V', .id = ++id_, .length = 1, .detail = deadline_ms}, body));
  }
  test::Received receive() {
    const auto reply = peer_.receive_frame();
    REQUIRE(reply);
    return *reply;
  }
  test::Received ask(std::string_view body, std::uint32_t deadline_ms = 0) {
    send(body, deadline_ms);
    return receive();
  }
  pid_t pid() { return std::stoi(ask("pid").body); }
  ServerProcess& process() { return server_; }
  Peer& peer() { return peer_; }

 private:
  server::Options options(std::uint32_t processes, server::ExecOptions exec) {
    server::Options options;
    options.cost = CostModel::seed(1ms);
    const std::string command = "python3 " + dir_.write("worker.py", kWorker);
    exec.command = std::get<server::CommandLine>(server::CommandLine::parse(command, false));
    exec.keep_alive = options.slots = processes;
    options.exec = std::move(exec);
    return options;
  }

  test::TempDir dir_;
  ServerProcess server_;
  Peer peer_;
  std::uint64_t id_ = 0;
};

bool has_python() { return !test::installed("python3").empty(); }

}  // namespace

TEST_CASE("keep-alive: one process does many jobs") {
  if (!has_python()) return;
  KeptServer server(1);
  const pid_t pid = server.pid();
  CHECK(server.ask("").body.empty());
  const std::string body(900'000, 'x');
  CHECK(server.ask(body).body == body);
  for (int n = 0; n < 100; ++n) server.send("job " + std::to_string(n));
  for (int n = 0; n < 100; ++n) CHECK(server.receive().body == "job " + std::to_string(n));
  CHECK(server.pid() == pid);
}

TEST_CASE("keep-alive: as many jobs run side by side as there are processes") {
  if (!has_python()) return;
  KeptServer server(2);
  server.send("sleep");
  CHECK(server.ask("meanwhile").body == "meanwhile");
}

TEST_CASE("keep-alive: the process chooses the status") {
  if (!has_python()) return;
  KeptServer server(1);
  const auto failed = server.ask("fail");
  CHECK(failed.status() == Status::server_error);
  CHECK(failed.body == "cannot");
  CHECK(server.ask("later").status() == Status::overloaded);
}

TEST_CASE("keep-alive: a process that dies fails its job, and another one does the next") {
  if (!has_python()) return;
  KeptServer server(1);
  const pid_t first = server.pid();
  const auto died = server.ask("die");
  CHECK(died.status() == Status::server_error);
  CHECK(died.body == "no more of this\nthe process ended: exit status 1\n");
  const pid_t second = server.pid();
  CHECK(second != first);
  ::kill(second, SIGKILL);  // while it is idle, or has the next job already
  const auto next = server.ask("next");
  CHECK((next.body == "next" || next.status() == Status::server_error));
  CHECK(server.ask("after").body == "after");
}

TEST_CASE("keep-alive: what nobody wants any more is killed with its process") {
  if (!has_python()) return;
  KeptServer server(1);
  const pid_t first = server.pid();
  CHECK(server.ask("sleep", 200).status() == Status::deadline_exceeded);
  CHECK(server.pid() != first);
}

TEST_CASE("keep-alive: time-out and CPU time are of each job") {
  if (!has_python()) return;
  KeptServer slow(1, {.timeout = 300ms});
  CHECK(slow.ask("sleep").body == "it took longer than 300.0 ms\n");
  KeptServer busy(1, {.limits = {.cpu = 1s}});
  CHECK(busy.ask("spin").body == "the process ended: signal 24 (CPU time limit exceeded)\n");
  CHECK(busy.ask("calm").body == "calm");
}

TEST_CASE("keep-alive: an answer that makes no sense ends the process") {
  if (!has_python()) return;
  KeptServer server(1);
  const auto reply = server.ask("nonsense");
  CHECK(reply.status() == Status::server_error);
  CHECK(reply.body == "it answered with a status that there is not\n");
  CHECK(server.ask("twice").body == "it said more than its answer\n");
  CHECK(server.ask(std::string(2'000'000, 'x')).body == "early");
  CHECK(server.ask("sense").body == "sense");
}

TEST_CASE("keep-alive: what a process says unasked is no answer, and ends it") {
  if (!has_python()) return;
  KeptServer server(1);
  const pid_t first = server.pid();
  CHECK(server.ask("babble").body == "word");
  const auto next = server.ask("next");  // the process may have been given it before it was ended
  CHECK((next.body == "next" || next.status() == Status::server_error));
  while (server.ask("pid").status() != Status::ok) {
  }
  CHECK(server.pid() != first);
}

TEST_CASE("keep-alive: SIGTERM ends the processes, too") {
  if (!has_python()) return;
  KeptServer server(2);
  const pid_t pid = server.pid();
  server.process().send(SIGTERM);
  while (server.peer().receive_frame()) {
  }
  server.peer().close();
  CHECK(server.process().wait() == 0);
  CHECK(::kill(pid, 0) != 0);
}
