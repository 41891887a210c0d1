// What is done to a proxy on a bad day, by a schedule drawn from a seed.
#pragma once

#include <signal.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/chaos/deeds.h"
#include "tests/support/http.h"
#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/tcp_peer.h"

namespace finishline::test {

inline constexpr std::uint32_t kWorkers = 3;
/// A child that dies younger counts as one that cannot live, and ten of those end the proxy: by design.
inline constexpr Nanos kGrownUp = 1200ms;
/// So long after its start every worker has its link to a server again, whatever its back-off was.
inline constexpr Nanos kSettledIn = 1500ms;
inline constexpr std::size_t kServersToStay = 2;

inline constexpr const char* kToken = "the-token-of-the-operator";

class Chaos {
 public:
  Chaos(ProxyUnderTest& proxy, SetUp set_up, std::uint64_t seed)
      : proxy_(proxy), set_up_(std::move(set_up)), random_(seed) {
    for (const ServerPart& server : set_up_.servers) servers_[server.name] = Actor{.since = now()};
  }

  /// Returns when the time is over and everybody is on stage again.
  void rage(Nanos duration) {
    const Instant end = now() + duration;
    while (now() < end) {
      do_what_is_due();
      if (!proxy_.process().running()) throw std::runtime_error("the proxy ended; it said:\n" + proxy_.log());
      std::this_thread::sleep_for(std::chrono::milliseconds(between(10, 90)));
      strike();
    }
    while (!later_.empty()) {
      do_what_is_due();
      std::this_thread::sleep_for(5ms);
    }
    bad_clients_.clear();
    if (guest_is_in_) reload();  // all as it was at the beginning
  }

  const Deeds& deeds() const { return deeds_; }

 private:
  static Instant now() { return std::chrono::steady_clock::now(); }

  struct Actor {
    Instant since{};
    bool down = false, stalled = false, drained = false, refuses = false;
    bool works() const { return !down && !drained && !refuses && now() - since > kSettledIn; }
  };

  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    return least + random_() % (most - least + 1);
  }
  Nanos milliseconds(std::uint64_t least, std::uint64_t most) {
    return std::chrono::milliseconds(between(least, most));
  }

  void after(Nanos span, std::function<void()> deed) { later_.emplace(now() + span, std::move(deed)); }
  void do_what_is_due() {
    while (!later_.empty() && later_.begin()->first <= now()) later_.extract(later_.begin()).mapped()();
  }

  /// One stroke; how often each comes is said by its share of a hundred.
  void strike() {
    const std::uint64_t dice = between(1, 100);
    if (dice <= 27) return kill_worker(static_cast<std::uint32_t>(between(0, kWorkers - 1)));
    if (dice <= 42) return kill_server(any_server());
    if (dice <= 54) return stop_server(any_server());
    if (dice <= 58) return kill_control();
    if (dice <= 62) return signal_group();
    if (dice <= 69) return stall(any_server());
    if (dice <= 72) return reload();
    if (dice <= 77) return drain(any_server());
    if (dice <= 85) return read_slowly();
    talk_nonsense();
  }

  std::string any_server() {
    return std::next(servers_.begin(), static_cast<std::ptrdiff_t>(between(0, servers_.size() - 1)))->first;
  }

  /// A child of the master, dead by our hand or not; where it was replaced, its successor.
  struct Child {
    pid_t pid = 0;
    Instant since{};
    bool killed = false;
  };
  /// Kills it once, and not before it has grown up.
  void kill(Child& child, pid_t pid, const char* deed) {
    if (child.pid != pid) child = {.pid = pid, .since = now()};
    if (child.killed || now() - child.since < kGrownUp) return;
    ::kill(pid, SIGKILL);
    child.killed = true;
    ++deeds_[deed];
  }

  void kill_worker(std::uint32_t worker) {
    kill(workers_.at(worker), proxy_.worker_pids().at(worker), "worker kills");
  }

  void kill_control() {
    auto children = children_of(proxy_.process().pid());
    for (const pid_t worker : proxy_.worker_pids()) std::erase(children, worker);
    if (children.size() != 1 || proc_file(children.front(), "comm") != "fl-control\n") return;
    kill(control_, children.front(), "control kills");
  }

  /// Never so many at a time that nobody is left to do the work: then no proxy could keep its promise.
  bool others_stay(const std::string& server) const {
    return static_cast<std::size_t>(std::count_if(servers_.begin(), servers_.end(), [&](const auto& other) {
             return other.first != server && other.second.works();
           })) >= kServersToStay;
  }

  void kill_server(const std::string& name) {
    Actor& server = servers_.at(name);
    if (server.down || !others_stay(name)) return;
    proxy_.server(name).kill();
    server.down = true;
    ++deeds_["server kills"];
    after(milliseconds(0, 300), [this, name] { bring_back(name); });
  }

  /// In order: it says goodbye, refuses what comes, finishes what it has begun, and leaves.
  void stop_server(const std::string& name) {
    Actor& server = servers_.at(name);
    if (server.down || server.stalled || !others_stay(name)) return;
    proxy_.server(name).signal(SIGTERM);
    server.down = true;
    ++deeds_["server stops"];
    after(milliseconds(50, 500), [this, name] { bring_back(name); });
  }

  /// Once it has left. Some refuse a part of what they are asked from then on: where all that are left do, a
  /// request may be refused by each of them.
  void bring_back(const std::string& name) {
    if (proxy_.server(name).running()) return after(10ms, [this, name] { bring_back(name); });
    const bool refuses = others_stay(name) && between(0, 3) == 0;
    proxy_.start_server(
        name, refuses ? std::vector<std::string>{"--refuse-every", "3"} : std::vector<std::string>{});
    deeds_["servers that refuse"] += refuses;
    servers_.at(name) = {.since = now(), .refuses = refuses};
  }

  /// As a terminal that closes, a supervisor, or somebody with `kill $(pidof finishline)` does: to all
  /// processes at once, of which the master alone is meant.
  void signal_group() {
    constexpr std::array kSignals{SIGUSR1, SIGALRM, SIGHUP};
    const int number = kSignals.at(between(0, kSignals.size() - 1));
    for (const pid_t child : children_of(proxy_.process().pid())) ::kill(child, number);
    proxy_.process().signal(number);
    ++deeds_["group signals"];
    if (number == SIGHUP) await_reload();
  }

  void stall(const std::string& name) {
    Actor& server = servers_.at(name);
    if (server.down || server.stalled) return;
    proxy_.server(name).signal(SIGSTOP);
    server.stalled = true;
    ++deeds_["stalls"];
    after(milliseconds(20, 500), [this, name] {
      proxy_.server(name).signal(SIGCONT);
      servers_.at(name).stalled = false;
    });
  }

  /// A fifth server comes or goes, in the running workers. Waits until that is
  /// there: a kill in between would be a death that nobody could tell from an orderly end.
  void reload() {
    SetUp next = set_up_;
    guest_is_in_ = !guest_is_in_;
    if (guest_is_in_) next.servers.push_back({.name = "guest"});
    proxy_.rewrite(next);
    proxy_.process().signal(SIGHUP);
    await_reload();
  }
  void await_reload() {
    const std::uint64_t reloads = ++deeds_["reloads"];
    if (!proxy_.wait_for_log(" reloaded ", reloads))
      throw std::runtime_error("a reload does not come to its end; the proxy said:\n" + proxy_.log());
  }

  /// False when control is dead just now: then nobody takes orders.
  bool order(const std::string& server, const char* state) {
    try {
      const std::string body = std::string(R"({"state":")") + state + "\"}";
      return http_put(proxy_.admin_port(), "/servers/" + server + "/state", body, kToken).status == 200;
    } catch (const std::exception&) {
      return false;
    }
  }

  void drain(const std::string& name) {
    Actor& server = servers_.at(name);
    if (server.down || server.drained || !others_stay(name) || !order(name, "drain")) return;
    server.drained = true;
    ++deeds_["drains"];
    after(milliseconds(20, 800), [this, name] { undrain(name); });
  }
  void undrain(const std::string& name) {
    if (!order(name, "ready")) return after(20ms, [this, name] { undrain(name); });
    servers_.at(name).drained = false;
  }

  /// Keeps the connection for a while.
  void hold(TcpPeer client) {
    const std::uint64_t key = ++bad_clients_made_;
    bad_clients_.emplace(key, std::move(client));
    after(milliseconds(50, 2000), [this, key] {
      if (key % 2 == 0) bad_clients_.at(key).reset();
      bad_clients_.erase(key);
    });
  }

  void read_slowly() {
    TcpPeer client = TcpPeer::connect_narrow(proxy_.port(), 4096);
    const std::string body(8192, 's');
    for (std::uint64_t id = 0; id < 12; ++id) client.send_frame({.type = 'V', .id = id, .length = 1}, body);
    hold(std::move(client));
    ++deeds_["slow readers"];
  }

  /// Random bytes, or a frame that is cut off or not quite right.
  void talk_nonsense() {
    Bytes bytes = frame_of({.type = 'P', .id = 1, .length = 1}, "a body of some bytes");
    if (between(0, 2) == 0) {
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_());
    } else {
      bytes[between(0, bytes.size() - 1)] ^= static_cast<std::byte>(1U << between(0, 7));
      bytes.resize(between(1, bytes.size()));
    }
    TcpPeer client = proxy_.connect();
    client.send(bytes);
    hold(std::move(client));
    ++deeds_["garbage clients"];
  }

  ProxyUnderTest& proxy_;
  SetUp set_up_;
  std::mt19937_64 random_;
  std::map<std::string, Actor> servers_;
  std::array<Child, kWorkers> workers_;
  Child control_;
  std::multimap<Instant, std::function<void()>> later_;
  std::map<std::uint64_t, TcpPeer> bad_clients_;
  std::uint64_t bad_clients_made_ = 0;
  bool guest_is_in_ = false;
  Deeds deeds_;
};

}  // namespace finishline::test
