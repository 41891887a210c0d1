// A server whose work a command does: real commands, as processes.
#include <doctest/doctest.h>
#include <signal.h>

#include <fstream>
#include <map>

#include "servers/server.h"
#include "tests/support/peer.h"
#include "tests/support/processes.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using proto::Status;
using test::Peer;
using test::ServerProcess;

namespace {

server::Options running(const std::string& command, bool shell = false) {
  server::Options options;
  options.cost = CostModel::seed(1ms);
  options.exec.emplace();
  options.exec->command = std::get<server::CommandLine>(server::CommandLine::parse(command, shell));
  return options;
}

/// Writes the process that runs it into `file`, with its group, then goes on.
server::Options running_noted(const std::string& file, const std::string& rest) {
  return running("echo $$ >" + file + ".new && mv " + file + ".new " + file + "; " + rest, true);
}

test::Bytes request(std::uint64_t id, std::string_view body = {}, std::uint32_t deadline_ms = 0) {
  return test::frame_of({.type = 'V', .id = id, .length = 4, .detail = deadline_ms}, body);
}

test::Received ask(const ServerProcess& server, std::string_view body = {}, std::uint32_t deadline_ms = 0) {
  Peer peer(server.address());
  peer.send(request(1, body, deadline_ms));
  const auto reply = peer.receive_frame();
  REQUIRE(reply);
  return *reply;
}

/// The process id in a file, once it is there.
pid_t pid_in(const std::string& file) {
  pid_t pid = 0;
  REQUIRE(test::wait_until([&] { return static_cast<bool>(std::ifstream(file) >> pid); }));
  return pid;
}

bool group_gone(pid_t group) {
  return test::wait_until([&] { return !test::group_runs(group); });
}

}  // namespace

TEST_CASE("exec: the body goes through the command, and its time is told") {
  ServerProcess server(running("cat"));
  const auto reply = ask(server, "a cat");
  CHECK(reply.status() == Status::ok);
  CHECK(reply.body == "a cat");
  CHECK(reply.header.service_us > 0);
  CHECK(ask(server).body.empty());
}

TEST_CASE("exec: large bodies go in and out at once") {
  ServerProcess server(running("cat"));
  const std::string body(8U << 20, 'x');
  CHECK(ask(server, body).body == body);
}

TEST_CASE("exec: length, type and id stand in words and environment") {
  ServerProcess server(running("sh -c 'echo {length} {type} {id} $FINISHLINE_LENGTH $FINISHLINE_TYPE'"));
  CHECK(ask(server).body == "4 video 1 4 video\n");
}

TEST_CASE("exec: an exit status is an error, with the last words of the command") {
  ServerProcess server(running("sh -c 'echo out; echo oh no >&2; exit 3'"));
  const auto reply = ask(server);
  CHECK(reply.status() == Status::server_error);
  CHECK(reply.body == "oh no\nexit status 3\n");
}

TEST_CASE("exec: a command that ignores its input is served all the same") {
  ServerProcess server(running("true"));
  const auto reply = ask(server, std::string(4U << 20, 'x'));
  CHECK(reply.status() == Status::ok);
  CHECK(reply.body.empty());
}

TEST_CASE("exec: what writes without end is cut off at the largest body") {
  server::Options options = running("head -c 100000000 /dev/zero");
  options.max_body = 1'000'000;
  ServerProcess server(options);
  const auto reply = ask(server);
  CHECK(reply.status() == Status::server_error);
  CHECK(reply.body == "more output than 1000000 bytes\n");
}

TEST_CASE("exec: what takes too long is killed, with all that it has started") {
  const test::TempDir dir;
  server::Options options = running_noted(dir.file("pid"), "sleep 1000 & sleep 1000");
  options.exec->timeout = 300ms;
  ServerProcess server(options);
  const auto reply = ask(server);
  CHECK(reply.status() == Status::server_error);
  CHECK(reply.body == "it took longer than 300.0 ms\n");
  CHECK(group_gone(pid_in(dir.file("pid"))));
}

TEST_CASE("exec: what has begun ends at its deadline, and what waits never begins") {
  ServerProcess server(running("sleep 1000"));
  Peer peer(server.address());
  peer.send(request(1, {}, 200));
  peer.send(request(2, {}, 100));
  std::map<std::uint64_t, Status> replies;
  for (int n = 0; n < 2; ++n) {
    const auto reply = peer.receive_frame();
    REQUIRE(reply);
    replies[reply->header.id] = reply->status();
  }
  CHECK(replies ==
        std::map<std::uint64_t, Status>{{1, Status::deadline_exceeded}, {2, Status::deadline_exceeded}});
}

TEST_CASE("exec: a client that leaves takes its processes with it") {
  const test::TempDir dir;
  ServerProcess server(running_noted(dir.file("pid"), "sleep 1000 & sleep 1000"));
  Peer peer(server.address());
  peer.send(request(1));
  const pid_t group = pid_in(dir.file("pid"));
  peer.close();
  CHECK(group_gone(group));
}

TEST_CASE("exec: a process that is killed is told as an error, and the next job is served") {
  const test::TempDir dir;
  ServerProcess server(running_noted(dir.file("pid"), "test {id} -eq 2 || exec sleep 1000"));
  Peer peer(server.address());
  peer.send(request(1));
  ::kill(pid_in(dir.file("pid")), SIGKILL);
  const auto reply = peer.receive_frame();
  REQUIRE(reply);
  CHECK(reply->status() == Status::server_error);
  CHECK(reply->body == "signal 9 (Killed)\n");
  peer.send(request(2));
  CHECK(peer.receive_frame()->status() == Status::ok);
}

TEST_CASE("exec: what a command leaves behind is ended with it, and keeps nobody waiting") {
  const test::TempDir dir;
  ServerProcess server(running_noted(dir.file("pid"), "sleep 1000 & echo done"));
  CHECK(ask(server).body == "done\n");
  CHECK(group_gone(pid_in(dir.file("pid"))));
}

TEST_CASE("exec: memory and CPU time have their limits") {
  server::Options greedy = running("sh -c 'ulimit -v; ulimit -t'");
  greedy.exec->limits = {.memory_bytes = 512U << 20, .cpu = 1500ms};
  CHECK(ask(ServerProcess(greedy)).body == "524288\n2\n");
  server::Options busy = running("sh -c 'while :; do :; done'");
  busy.exec->limits.cpu = 1s;
  const auto reply = ask(ServerProcess(busy));
  CHECK(reply.status() == Status::server_error);
  CHECK(reply.body == "signal 24 (CPU time limit exceeded)\n");
}

TEST_CASE("exec: slots run side by side, the others wait, and the backlog says so") {
  const test::TempDir dir;
  server::Options options = running("sh -c 'test {id} -ne 1 || exec sleep 1000'");
  options.slots = 2;
  options.cost = CostModel::seed(10s);
  ServerProcess server(options);
  Peer peer(server.address());
  for (std::uint64_t id = 1; id <= 3; ++id) peer.send(request(id));
  const auto second = peer.receive_frame();
  const auto third = peer.receive_frame();
  REQUIRE(third);
  CHECK(second->header.id == 2);
  CHECK(third->header.id == 3);
  CHECK(third->header.origin > 30'000'000);  // the first, by its declared length
  CHECK(third->header.origin < 40'000'000);
}

TEST_CASE("exec: SIGTERM finishes what is queued and leaves nobody behind") {
  ServerProcess server(running("sh -c 'sleep 0.2; echo {id}'"));
  Peer peer(server.address());
  peer.send(request(1));
  peer.send(request(2));
  REQUIRE(peer.receive_frame()->body == "1\n");
  server.send(SIGTERM);
  std::string rest;
  while (const auto frame = peer.receive_frame()) rest += frame->body;
  CHECK(rest == "2\n");
  peer.close();
  CHECK(server.wait() == 0);
}

TEST_CASE("exec: a second signal ends the server and its processes at once") {
  const test::TempDir dir;
  ServerProcess server(running_noted(dir.file("pid"), "sleep 1000 & sleep 1000"));
  Peer peer(server.address());
  peer.send(request(1));
  const pid_t group = pid_in(dir.file("pid"));
  server.send(SIGTERM);
  while (Peer(server.address()).connected()) {
  }
  server.send(SIGTERM);
  CHECK(server.wait() == 1);
  CHECK(group_gone(group));
}

TEST_CASE("exec: a server that is killed takes its process with it") {
  const test::TempDir dir;
  ServerProcess server(running_noted(dir.file("pid"), "exec sleep 1000"));
  Peer peer(server.address());
  peer.send(request(1));
  const pid_t group = pid_in(dir.file("pid"));
  server.send(SIGKILL);
  CHECK(group_gone(group));
}

TEST_CASE("exec: a cancelled job is killed with all that it has started, and its slot is free") {
  const test::TempDir dir;
  ServerProcess server(
      running_noted(dir.file("pid"), "read line; [ $line = quick ] || sleep 1000; echo done"));
  Peer peer(server.address());
  peer.send(request(1, "slow\n"));
  peer.send(request(2, "slow\n"));
  const pid_t first = pid_in(dir.file("pid"));
  peer.send(request(3, "quick\n"));
  for (const std::uint64_t id : {2U, 1U}) peer.send(test::frame_of({.kind = proto::Kind::cancel, .id = id}));
  const auto waited = peer.receive_frame(), killed = peer.receive_frame(), served = peer.receive_frame();
  REQUIRE(waited);
  REQUIRE(killed);
  REQUIRE(served);
  CHECK(waited->header.id == 2);
  CHECK(waited->status() == Status::cancelled);
  CHECK(killed->header.id == 1);
  CHECK(killed->status() == Status::cancelled);
  CHECK(killed->body.empty());
  CHECK(group_gone(first));
  CHECK(served->header.id == 3);
  CHECK(served->body == "done\n");
}
