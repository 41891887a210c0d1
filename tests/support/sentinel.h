// A redis sentinel of one test's own, which watches one master and makes a replica of it the next. Needs
// Debian's redis-server.
#pragma once

#include <memory>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/free_port.h"
#include "tests/support/redis_server.h"
#include "tests/support/tcp_peer.h"
#include "tests/support/temp_dir.h"

namespace finishline::test {

class Sentinel {
 public:
  /// It alone decides that the master is dead, once that is silent for 0.3 s.
  Sentinel(const std::string& name, const RedisServer& master) : name_(name) {
    const std::string conf = dir_.write(
        "sentinel.conf", "port " + std::to_string(port_.number()) + "\nbind 127.0.0.1\nsentinel monitor " +
                             name + " 127.0.0.1 " + std::to_string(master.port()) +
                             " 1\nsentinel down-after-milliseconds " + name +
                             " 300\nsentinel failover-timeout " + name + " 2000\n");
    process_ =
        std::make_unique<ChildProcess>("/usr/bin/redis-server", std::vector<std::string>{conf, "--sentinel"});
    if (!wait_until([this] { return TcpPeer::can_connect(port_.number()); }))
      throw std::runtime_error("the sentinel does not listen: " + process_->output());
  }

  std::string url() const { return "redis://" + port_.address(); }
  /// It writes down whom it knows.
  bool knows_replica(const RedisServer& replica) const {
    return dir_.read("sentinel.conf")
               .find("sentinel known-replica " + name_ + " 127.0.0.1 " + std::to_string(replica.port())) !=
           std::string::npos;
  }

 private:
  std::string name_;
  TempDir dir_;
  FreePort port_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace finishline::test
