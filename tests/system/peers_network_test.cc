// Four proxies on machines of their own, before the same three servers on another one, with redis on one
// more.
#include <doctest/doctest.h>

#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/client_program.h"
#include "tests/support/http.h"
#include "tests/support/private_network.h"
#include "tests/support/redis_server.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;

namespace {

constexpr const char* kName =
    "four proxies in networks of their own: one is killed and comes back and so does redis";
constexpr std::size_t kNodes = 4;
constexpr int kRate = 60;           // requests a second at each
constexpr int kRequests = 15 * 60;  // long enough for all that happens here

const std::vector<std::string> kMachines{"redis", "servers", "node-1", "node-2", "node-3", "node-4"};

struct Kind {
  const char *name, *type;
};
constexpr Kind kServers[] = {{"video-1", "video"}, {"video-2", "video"}, {"music-1", "music"}};

class Nodes {
 public:
  Nodes() : network_(kMachines) {
    if (!network_.delayed()) MESSAGE("no netem");
    network_.enter("redis");
    redis_ = std::make_unique<RedisServer>(std::vector<std::string>{"--bind", network_.address_of("redis"),
                                                                    "127.0.0.1", "--protected-mode", "no"});
    network_.enter("servers");
    for (std::size_t i = 0; i < std::size(kServers); ++i)
      servers_.push_back(std::make_unique<ChildProcess>(
          program("finishline-server"), std::vector<std::string>{"--type", kServers[i].type, "--unit", "1ms",
                                                                 "--listen", address_of_server(i)}));
    for (std::size_t i = 0; i < kNodes; ++i) nodes_.push_back({name_of(i), write_config(i), nullptr});
    for (std::size_t i = 0; i < kNodes; ++i) start(i);
  }

  static std::string name_of(std::size_t i) { return "node-" + std::to_string(i + 1); }
  void start(std::size_t i) {
    network_.enter(nodes_[i].name);
    nodes_[i].proxy = std::make_unique<ChildProcess>(program("finishline"),
                                                     std::vector<std::string>{"run", "-c", nodes_[i].file});
    REQUIRE(wait_until([&] { return nodes_[i].proxy->errors().find(" listening ") != std::string::npos; }));
  }
  /// Master, workers, control and peer at once: as when the machine loses power.
  void kill(std::size_t i) {
    ::kill(-nodes_[i].proxy->pid(), SIGKILL);
    nodes_[i].proxy->wait();
    network_.enter(nodes_[i].name);  // its workers may end after it
    wait_until([] { return !TcpPeer::can_connect(9000) && !TcpPeer::can_connect(9900); });
  }
  void kill_redis() { redis_->kill(); }
  void start_redis() {
    network_.enter("redis");
    redis_->start();
  }
  std::unique_ptr<ClientProgram> client_of(std::size_t i) {
    network_.enter(nodes_[i].name);
    return std::make_unique<ClientProgram>(
        "127.0.0.1:9000", std::vector<std::string>{"--requests", std::to_string(kRequests), "--rate",
                                                   std::to_string(kRate), "--length", "1..5"});
  }

  nlohmann::json page(std::size_t i) {
    network_.enter(nodes_[i].name);
    return nlohmann::json::parse(http_get(9900, "/api/v1/peers").body);
  }
  /// What a user sees there: finishline peers.
  std::string peers(std::size_t i) {
    network_.enter(nodes_[i].name);
    return run("finishline", {"peers", "-c", nodes_[i].file}).output;
  }
  /// What this one says of that one: "here", "silent", ...
  std::string state_of(std::size_t i, std::size_t other) {
    const nlohmann::json all = page(i).at("nodes");
    for (const auto& node : all)
      if (node.at("name") == name_of(other)) return node.at("state");
    return "";
  }
  bool all_say(const std::string& state, std::size_t of) {
    return wait_until([&] {
      for (std::size_t i = 0; i < kNodes; ++i)
        if (i != of && state_of(i, of) != state) return false;
      return true;
    });
  }
  bool all_here() {
    for (std::size_t i = 0; i < kNodes; ++i)
      if (!all_say("here", i)) return false;
    return true;
  }
  bool engine_is(const std::string& state) {
    return wait_until([&] {
      for (std::size_t i = 0; i < kNodes; ++i)
        if (page(i).at("engine").at("state") != state) return false;
      return true;
    });
  }
  bool even() {
    return wait_until([&] {
      for (std::size_t i = 0; i < kNodes; ++i) {
        const nlohmann::json all = page(i).at("nodes");
        for (const auto& node : all)
          if (node.at("in_flight") != 0 || node.at("waiting") != 0) return false;
      }
      return true;
    });
  }

 private:
  struct Node {
    std::string name, file;
    std::unique_ptr<ChildProcess> proxy;
  };

  std::string address_of_server(std::size_t i) const {
    return network_.address_of("servers") + ':' + std::to_string(9001 + i);
  }
  std::string write_config(std::size_t i) const {
    std::string text = "[proxy]\nworkers = 1\nadmin = \"127.0.0.1:9900\"\n[peers]\nname = \"" + name_of(i) +
                       "\"\nredis = \"redis://" + network_.address_of("redis") + ':' +
                       std::to_string(redis_->port()) +
                       "\"\nsilence = \"1s\"\n[[listener]]\nname = \"media\"\nbind = \"127.0.0.1:9000\"\n"
                       "pool = \"media\"\n[pool.media]\ncheck = \"off\"\neject_after = 0\n";
    for (std::size_t s = 0; s < std::size(kServers); ++s)
      text += "[[server]]\nname = \"" + std::string(kServers[s].name) + "\"\npool = \"media\"\ntype = \"" +
              kServers[s].type + "\"\naddress = \"" + address_of_server(s) + "\"\n";
    return dir_.write(name_of(i) + ".toml", text);
  }

  PrivateNetwork network_;
  TempDir dir_;
  std::unique_ptr<RedisServer> redis_;
  std::vector<std::unique_ptr<ChildProcess>> servers_;
  std::vector<Node> nodes_;
};

bool has(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

void lose_a_node_and_redis() {
  Nodes nodes;
  REQUIRE(nodes.all_here());
  std::vector<std::unique_ptr<ClientProgram>> clients;
  for (std::size_t i = 0; i < kNodes; ++i) clients.push_back(nodes.client_of(i));

  nodes.kill(1);
  for (const std::size_t i : {0, 2, 3}) {
    CHECK(wait_until([&] { return nodes.state_of(i, 1) == "silent"; }));
    CHECK(wait_until([&] { return has(nodes.peers(i), "by the books of 3 proxies"); }));
    const std::string told = nodes.peers(i);
    CHECK_MESSAGE(has(told, "node-2                silent"), told);
  }
  nodes.start(1);
  CHECK(nodes.all_here());
  CHECK(wait_until([&] { return has(nodes.peers(0), "by the books of 4 proxies"); }));

  nodes.kill_redis();
  CHECK(nodes.engine_is("lost"));
  for (std::size_t i = 0; i < kNodes; ++i) {
    const std::string told = nodes.peers(i);
    CHECK_MESSAGE(has(told, "redis is lost"), told);
  }
  nodes.start_redis();
  CHECK(nodes.engine_is("connected"));
  CHECK(nodes.all_here());

  for (const auto& client : clients) client->check_perfect(kRequests, 4 * patience());
  CHECK(nodes.even());
}

}  // namespace

TEST_CASE("four proxies in networks of their own: one is killed and comes back and so does redis") {
  with_private_network(kName, lose_a_node_and_redis);
}
