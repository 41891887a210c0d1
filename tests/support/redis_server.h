// A redis-server of one test's own, on a port that the kernel chose, without a file. Needs Debian's
// redis-server.
#pragma once

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/free_port.h"
#include "tests/support/tcp_peer.h"
#include "tests/support/temp_dir.h"

namespace finishline::test {

class RedisServer {
 public:
  /// `options` as on its command line: {"--requirepass", "secret"}; with those of TLS it speaks that alone.
  explicit RedisServer(std::vector<std::string> options = {}) : options_(std::move(options)) { start(); }

  void start() {
    std::vector<std::string> arguments = {"--bind",       "127.0.0.1", "--save", "",
                                          "--appendonly", "no",        "--dir",  dir_.file("")};
    for (const auto& [kind, number] :
         {std::pair("--port", tls() ? 0 : port()), std::pair("--tls-port", tls() ? port() : 0)})
      arguments.insert(arguments.end(), {kind, std::to_string(number)});
    arguments.insert(arguments.end(), options_.begin(), options_.end());
    process_ = std::make_unique<ChildProcess>("/usr/bin/redis-server", arguments);
    if (!wait_until([this] { return TcpPeer::can_connect(port()) || !process_->running(); }) ||
        !process_->running())
      throw std::runtime_error("redis-server does not listen: " + process_->output());
  }
  /// Whatever it knew is gone.
  void kill() { process_->kill(); }
  /// Does what is written as on lines of redis-cli, and returns the answer to the last, which has one line.
  std::string tell(const std::string& commands) const {
    TcpPeer peer = TcpPeer::connect(port());
    peer.send(commands + "\r\n");
    std::string answer;
    for (auto lines = 1 + std::ranges::count(commands, '\n'); lines > 0; --lines) {
      answer.clear();
      for (std::string next = peer.read(1); !next.empty() && next != "\n"; next = peer.read(1))
        answer += next;
    }
    return answer.substr(0, answer.find('\r'));
  }
  /// What is asked for, as text; "": nothing is there.
  std::string text(const std::string& command) const {
    TcpPeer peer = TcpPeer::connect(port());
    peer.send(command + "\r\n");
    std::string head;
    for (std::string next = peer.read(1); !next.empty() && next != "\n"; next = peer.read(1)) head += next;
    const int bytes = head.starts_with("$") ? std::stoi(head.substr(1)) : 0;
    return bytes > 0 ? peer.read(static_cast<std::size_t>(bytes)) : "";
  }
  /// All connections but this one end.
  void kill_clients(const std::string& password) const {
    tell("AUTH " + password + "\r\nCLIENT KILL TYPE normal SKIPME yes\r\nCLIENT KILL TYPE pubsub");
  }
  void pause() { process_->signal(SIGSTOP); }
  void resume() { process_->signal(SIGCONT); }

  std::uint16_t port() const { return port_.number(); }
  std::string url() const { return (tls() ? "rediss://" : "redis://") + port_.address(); }
  const TempDir& dir() const { return dir_; }
  bool tls() const { return std::ranges::find(options_, "--tls-cert-file") != options_.end(); }

 private:
  std::vector<std::string> options_;
  FreePort port_;
  TempDir dir_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace finishline::test
