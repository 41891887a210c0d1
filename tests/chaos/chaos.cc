// A bad day, on purpose: under load, workers, servers and the control process are killed, servers stall, come
// and go, clients read slowly or talk nonsense, by a schedule drawn from a seed. At the end every request
// must have been answered correctly, every number must add up, and nothing may have grown.
//
//   CHAOS_SECONDS=60 CHAOS_SEED=7 finishline-chaos      the same seed draws the same schedule
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

namespace finishline::test {
namespace {

constexpr std::uint32_t kWorkers = 3;
/// A child that dies younger counts as one that cannot live, and ten of those end the proxy: by design.
constexpr Nanos kGrownUp = 1200ms;
/// So long after its start every worker has its link to a server again, whatever its back-off was.
constexpr Nanos kSettledIn = 1500ms;
constexpr std::size_t kServersToStay = 2;
/// What buffers for the load may take, and what a log of many deaths may.
constexpr std::size_t kWorkerGrowthKib = 16 * 1024, kMasterGrowthKib = 1024;

Instant now() { return std::chrono::steady_clock::now(); }

constexpr const char* kToken = "the operator's";

SetUp stage(const std::string& token_file) {
  return {.servers = {{.name = "video-1"},
                      {.name = "video-2"},
                      {.name = "music-1", .type = "music"},
                      {.name = "music-2", .type = "music"}},
          .workers = kWorkers,
          .unit = "200us",
          .proxy_keys = "admin_token_file = \"" + token_file + "\"\n"};
}

/// What was done to the proxy, and how often.
using Deeds = std::map<std::string, std::uint64_t>;

/// Descriptors and memory of the processes that live as long as the proxy, or are like those before them.
struct Footprint {
  std::size_t master_descriptors = 0, worker_descriptors = 0, master_kib = 0, worker_kib = 0;
};

Footprint footprint(ProxyUnderTest& proxy) {
  Footprint most{.master_descriptors = descriptors_of(proxy.process().pid()),
                 .master_kib = private_kib_of(proxy.process().pid())};
  for (const pid_t worker : proxy.worker_pids()) {
    most.worker_descriptors = std::max(most.worker_descriptors, descriptors_of(worker));
    most.worker_kib = std::max(most.worker_kib, private_kib_of(worker));
  }
  return most;
}

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

/// The load: its connections break all the time, its requests may be done twice, its bodies are proof.
class Load {
 public:
  Load(const ProxyUnderTest& proxy, std::uint64_t seconds, std::vector<std::string> options)
      : client_(program("finishline-client"), arguments(proxy, seconds, std::move(options))) {}

  /// Waits for its end, adds to the sums; what is wrong, or "".
  std::string verdict(Deeds& sums) {
    const auto exit = client_.wait();
    if (!exit) return "a client does not come to its end\n";
    if (exit->signal != 0) return "a client was killed by signal " + std::to_string(exit->signal) + '\n';
    const auto report = nlohmann::json::parse(client_.output(), nullptr, false);
    if (report.is_discarded()) return "a client has no report: " + client_.errors();
    sums["requests"] += report.at("requests").get<std::uint64_t>();
    sums["sent again"] += report.at("retries").get<std::uint64_t>();
    sums["connections lost"] += report.at("lost_connections").get<std::uint64_t>();
    if (*exit == Exit{0, 0}) return "";
    return "a client: failed " + report.at("failed").dump() + ", wrong " + report.at("wrong_by").dump() +
           ", unanswered " + report.at("unanswered").dump() + ' ' + client_.errors() + '\n';
  }

 private:
  static std::vector<std::string> arguments(const ProxyUnderTest& proxy, std::uint64_t seconds,
                                            std::vector<std::string> options) {
    options.insert(options.end(), {"--connect", "127.0.0.1:" + std::to_string(proxy.port()), "--duration",
                                   std::to_string(seconds) + "s", "--length", "1..5", "--json"});
    return options;
  }

  ChildProcess client_;
};

std::string grown(const char* what, std::size_t before, std::size_t after, std::size_t allowed) {
  if (after <= before + allowed) return "";
  return std::string(what) + ": " + std::to_string(before) + " before, " + std::to_string(after) + " after\n";
}

/// The lines of the log about this event.
std::string lines_about(const ProxyUnderTest& proxy, const char* event) {
  std::istringstream log(proxy.log());
  std::string found;
  for (std::string line; std::getline(log, line);)
    if (line.find(event) != std::string::npos) found += line + "\n";
  return found;
}

/// A process that died without our doing is a bug, however well it was replaced.
std::string deaths_of_their_own(const ProxyUnderTest& proxy, const Deeds& deeds) {
  std::string text;
  const auto compare = [&](const char* event, const char* deed) {
    const auto found = deeds.find(deed);
    const std::uint64_t killed = found == deeds.end() ? 0 : found->second;
    const std::uint64_t died = proxy.logged(event);
    if (died != killed)
      text += std::to_string(died) + event + "events after " + std::to_string(killed) + " " + deed + "\n" +
              lines_about(proxy, event) + lines_about(proxy, " worker_killed ");
  };
  compare(" worker_died ", "worker kills");
  compare(" control_died ", "control kills");
  return text;
}

/// What is left over when everything is quiet, or "".
std::string leftovers(ProxyUnderTest& proxy, const Footprint& before) {
  std::string text = unrest_at_the_end(proxy);
  const auto children = [&] { return children_of(proxy.process().pid()).size(); };
  if (!wait_until([&] { return children() == kWorkers + 1; }))
    text += "there are too few or too many processes\n";
  wait_until([&] { return footprint(proxy).worker_descriptors <= before.worker_descriptors; });
  const Footprint after = footprint(proxy);
  text += grown("descriptors of a worker", before.worker_descriptors, after.worker_descriptors, 0);
  text += grown("descriptors of the master", before.master_descriptors, after.master_descriptors, 0);
  if (kMemoryTells) {
    text += grown("KiB of the master", before.master_kib, after.master_kib, kMasterGrowthKib);
    text += grown("KiB of a worker", before.worker_kib, after.worker_kib, kWorkerGrowthKib);
  }
  if (proxy.stop() != Exit{0, 0}) text += "the proxy did not end well\n";
  return text;
}

void print(const Deeds& counts, const char* ending) {
  const char* separator = "  ";
  for (const auto& [name, count] : counts) {
    std::cout << separator << count << ' ' << name;
    separator = ", ";
  }
  std::cout << ending;
}

int run_chaos(std::uint64_t seconds, std::uint64_t seed) {
  std::cout << "chaos for " << seconds << " s, CHAOS_SEED=" << seed << std::endl;
  const TempDir dir;
  const std::string token = dir.write("token", kToken);
  std::filesystem::permissions(token, std::filesystem::perms::owner_read);
  const SetUp set_up = stage(token);
  ProxyUnderTest proxy(set_up);
  const Footprint before = footprint(proxy);
  Deeds sums;
  Chaos chaos(proxy, set_up, seed);
  Load steady(proxy, seconds,
              {"--concurrency", "24", "--pipeline", "4", "--body", "300", "--seed", std::to_string(seed)});
  Load fickle(proxy, seconds, {"--concurrency", "4", "--reconnect", "--body", "40"});
  Load large(proxy, seconds, {"--concurrency", "2", "--pipeline", "2", "--body", "100KiB"});
  chaos.rage(std::chrono::seconds(seconds));
  std::string problems;
  for (Load* load : {&steady, &fickle, &large}) problems += load->verdict(sums);
  problems += leftovers(proxy, before);
  problems += deaths_of_their_own(proxy, chaos.deeds());
  print(chaos.deeds(), "\n");
  print(sums, problems.empty() ? ": 0 lost, 0 wrong\n" : "\n");
  if (problems.empty()) return 0;
  std::cerr << "CHAOS_SEED=" << seed << ":\n" << problems;
  return 1;
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace
}  // namespace finishline::test

int main() {
  using namespace finishline::test;
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run_chaos(number_from("CHAOS_SECONDS", 60), number_from("CHAOS_SEED", std::random_device{}()));
  } catch (const std::exception& error) {
    std::cerr << "chaos: " << error.what() << '\n';
    return 1;
  }
}
