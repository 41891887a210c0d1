// A whole set-up on free ports: servers, proxy, configuration; all gone at the end of the test.
//
//   ProxyUnderTest proxy({.servers = {{.name = "video-1", .type = "video"}, {.name = "music-1", .type =
//   "music"}},
//                         .workers = 2});
//   TcpPeer client = proxy.connect();
//   client.send_frame({.type = 'V', .id = 7, .length = 5});
//   CHECK(client.read_frame()->status() == proto::Status::ok);
//   proxy.server("video-1").kill();
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/free_port.h"
#include "tests/support/http.h"
#include "tests/support/tcp_peer.h"
#include "tests/support/temp_dir.h"

namespace finishline::test {

enum class Played : std::uint8_t {
  by_program,  // finishline-server, started before the proxy
  by_nobody,   // absent until start_server(), or until the test listens on server_port()
};

struct ServerPart {
  std::string name;
  std::string type = "video";
  std::string protocol = "frame";
  std::vector<std::string> flags = {};  // further ones of finishline-server: {"--stall-after", "3"}
  std::string keys = {};                // further lines of its [[server]]
  std::string pool = "media";
  Played played = Played::by_program;
  std::uint16_t at = 0;      // the port of another set-up's server, which this proxy shares; 0: its own
  std::string address = {};  // "unix:/...": in the place of a port
};

struct ListenerPart {
  std::string name = "media";
  std::string mode = "frame";
  std::string pool = "media";
  std::string keys = {};  // further lines of its [[listener]]
  std::string bind = {};  // "": a port of its own
};

struct SetUp {
  std::vector<ServerPart> servers;
  std::vector<ListenerPart> listeners = {{}};
  std::uint32_t workers = 1;
  std::string unit = "1ms";
  std::string policy = "makespan";  // of every pool of requests; those of streams have their default
  std::string proxy_keys = {};      // further lines of [proxy]
  std::string work_keys = {};       // further lines of [work]
  std::string log_keys = {};        // further lines of [log]
  std::string sections = {};        // further ones
  /// Further lines of every pool. Stories that are not about health have none of it: nobody else connects to
  /// their servers, and no server is taken out that fails on purpose.
  std::string pool_keys = "check = \"off\"\neject_after = 0\n";
  std::string log_level = "info";
};

class ProxyUnderTest {
 public:
  /// Returns when every worker accepts on every listener and has tried every server; throws, with what the
  /// proxy printed, when that does not come to pass.
  explicit ProxyUnderTest(SetUp set_up);

  std::uint16_t port(const std::string& listener = "media") const {
    return listener_ports_.at(listener).number();
  }
  std::uint16_t server_port(const std::string& name) const { return server_ports_.at(name).number(); }
  std::uint16_t admin_port() const { return admin_port_.number(); }
  /// To a listener.
  TcpPeer connect(const std::string& listener = "media") const { return TcpPeer::connect(port(listener)); }
  HttpReply get(const std::string& path) const { return http_get(admin_port(), path); }

  ChildProcess& process() { return *proxy_; }
  ChildProcess& server(const std::string& name) { return servers_.at(name); }
  /// Starts a server that is absent or dead, on its old port, with other flags if any are given.
  void start_server(const std::string& name, std::optional<std::vector<std::string>> flags = std::nullopt);

  /// Writes the configuration of another set-up to the file, with the ports of what stays, and starts the
  /// servers that are new. The proxy is told by the caller: SIGHUP.
  void rewrite(SetUp set_up);

  /// The worker processes now: their pids as the log tells them, by number.
  std::vector<pid_t> worker_pids() const;

  /// All that the proxy has logged; lines of an event; whether there are at least so many of them in time.
  std::string log() const { return proxy_->errors(); }
  std::size_t logged(std::string_view words) const;
  bool wait_for_log(std::string_view words, std::size_t times = 1) const;

  /// SIGTERM, and how the proxy ended; nothing when it still runs.
  std::optional<Exit> stop() { return proxy_->stop(); }

  const std::string& config_file() const { return config_file_; }

 private:
  void open_ports();
  std::string config_text() const;
  std::string address_of(const ServerPart& part) const;
  bool takes_streams(const std::string& pool) const;
  void wait_until_ready();
  const ServerPart& part(const std::string& name) const;

  SetUp set_up_;
  TempDir dir_;
  FreePort admin_port_;
  std::map<std::string, FreePort> listener_ports_;
  std::map<std::string, FreePort> server_ports_;
  std::map<std::string, ChildProcess> servers_;
  std::optional<ChildProcess> proxy_;  // after the servers: it goes first
  std::string config_file_;
};

}  // namespace finishline::test
