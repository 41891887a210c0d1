// Every way that is known to make a worker hold bytes, all at once, for ATTACK_SECONDS: the worker stays
// inside the memory that `finishline check` states, and an honest client beside it, of another pool, is
// served without a failure.
//
//   bodies      31 retryable frames with 16 MiB bodies whose work takes long, then a close, again and again
//   halves      24 connections with all but one byte of a 16 MiB frame
//   empties     150 connections with 1,024 empty frames each, whose work takes long
//   words       a mini connection: one long word, then refused ones without end
//   sloths      clients that ask for large replies and never read
//   drips       a server that begins 16 MiB replies over 128 links and does not end them
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "lb/config/config.h"
#include "lb/config/memory.h"
#include "tests/support/child_process.h"
#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

namespace finishline::test {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::uint32_t kLong = 1'000'000;
/// A worker may need a tenth more than is stated.
constexpr double kTolerance = 1.1;

std::atomic<bool> over{false};

SetUp stage() {
  const std::string links = "links = 64\n";
  return {.servers = {{.name = "honest-1", .pool = "honest"},
                      {.name = "victim-1", .flags = {"--reply-bytes", "300000"}},
                      {.name = "victim-2", .flags = {"--reply-bytes", "300000"}},
                      {.name = "mini-1", .protocol = "mini", .pool = "mini"},
                      {.name = "drip-1", .keys = links, .pool = "drip", .played = Played::by_nobody},
                      {.name = "drip-2", .keys = links, .pool = "drip", .played = Played::by_nobody}},
          .listeners = {{.name = "media"},
                        {.name = "honest", .pool = "honest"},
                        {.name = "mini", .mode = "mini", .pool = "mini"},
                        {.name = "drip", .pool = "drip"}},
          .unit = "10us"};
}

/// Repeats an attack until all is over; what it meets is its own trouble.
std::jthread again_and_again(std::function<void()> attack) {
  return std::jthread([attack = std::move(attack)] {
    while (!over) {
      try {
        attack();
      } catch (const std::exception&) {
        std::this_thread::sleep_for(10ms);
      }
    }
  });
}

void rest(Nanos span) {
  for (const auto end = std::chrono::steady_clock::now() + span;
       !over && std::chrono::steady_clock::now() < end;)
    std::this_thread::sleep_for(10ms);
}

void bodies(const ProxyUnderTest& proxy) {
  TcpPeer client = proxy.connect();
  const std::string body(16 * kMiB, 'b');
  for (std::uint64_t id = 1; id <= 31 && !over; ++id)
    if (!client.send_frame({.type = 'V', .flags = proto::kRetryable, .id = id, .length = kLong}, body, 500ms))
      break;
}

void halves(const ProxyUnderTest& proxy) {
  const Bytes frame = frame_of({.type = 'V', .id = 1, .length = 1}, std::string(16 * kMiB, 'h'));
  std::vector<TcpPeer> clients;
  for (int n = 0; n < 24 && !over; ++n) {
    clients.push_back(proxy.connect());
    clients.back().send(std::span(frame).first(frame.size() - 1), 200ms);
  }
  rest(3s);
}

void empties(const ProxyUnderTest& proxy) {
  Bytes frames;
  for (std::uint64_t id = 1; id <= 1024; ++id) {
    const Bytes frame = frame_of({.type = 'V', .flags = proto::kRetryable, .id = id, .length = kLong});
    frames.insert(frames.end(), frame.begin(), frame.end());
  }
  std::vector<TcpPeer> clients;
  for (int n = 0; n < 150 && !over; ++n) {
    clients.push_back(proxy.connect());
    clients.back().send(frames, 50ms);
  }
  rest(1s);
}

void words(const ProxyUnderTest& proxy) {
  TcpPeer client = proxy.connect("mini");
  client.send("V9");
  std::string refused;
  for (int n = 0; n < 100'000; ++n) refused += "X1";
  for (int n = 0; n < 200 && !over; ++n)
    if (!client.send(refused, 200ms)) break;
}

void sloths(const ProxyUnderTest& proxy) {
  std::vector<TcpPeer> clients;
  for (int n = 0; n < 200 && !over; ++n) {
    clients.push_back(TcpPeer::connect_narrow(proxy.port(), 4096));
    for (std::uint64_t id = 1; id <= 64; ++id)
      clients.back().send_frame({.type = 'V', .id = id, .length = 1}, "", 10ms);
  }
  rest(5s);
}

/// A server whose replies are begun, come up to their last byte, and stay there.
void drip(const ProxyUnderTest& proxy, const std::string& server) {
  TcpHost host(proxy.server_port(server));
  const std::string body(16 * kMiB, 'r');
  std::vector<std::jthread> links;
  while (!over) {
    try {
      links.emplace_back([link = std::make_shared<TcpPeer>(host.accept(200ms)), &body] {
        while (!over) {
          const auto asked = link->read_frame(200ms);
          if (!asked) continue;
          if (asked->header.kind == proto::Kind::ping) {
            if (!link->send_frame({.kind = proto::Kind::pong, .id = asked->header.id})) return;
            continue;
          }
          const Bytes reply =
              frame_of({.kind = proto::Kind::reply, .type = 'V', .id = asked->header.id}, body);
          link->send(std::span(reply).first(reply.size() - 1), 3s);
          rest(2s);
          return;
        }
      });
    } catch (const std::exception&) {  // nobody came
    }
  }
}

void ask_for_drips(const ProxyUnderTest& proxy) {
  TcpPeer client = proxy.connect("drip");
  for (std::uint64_t id = 1; id <= 128 && !over; ++id)
    client.send_frame({.type = 'V', .flags = proto::kRetryable, .id = id, .length = 1}, "", 10ms);
  rest(3s);
}

/// Of the file that the proxy runs by.
std::size_t stated_kib(const ProxyUnderTest& proxy) {
  const auto loaded = config::load(proxy.config_file());
  return config::memory_need(std::get<config::Config>(loaded)).sum() / 1024;
}

int run_attacks(std::uint64_t seconds) {
  ProxyUnderTest proxy(stage());
  const std::size_t stated = stated_kib(proxy);
  std::vector<std::jthread> attacks;
  for (const char* const server : {"drip-1", "drip-2"})
    attacks.push_back(again_and_again([&proxy, server] { drip(proxy, server); }));
  for (void (*const attack)(const ProxyUnderTest&) :
       {bodies, bodies, halves, empties, words, sloths, ask_for_drips})
    attacks.push_back(again_and_again([&proxy, attack] { attack(proxy); }));
  ChildProcess honest(program("finishline-client"),
                      {"--connect", "127.0.0.1:" + std::to_string(proxy.port("honest")), "--duration",
                       std::to_string(seconds) + "s", "--concurrency", "4", "--reconnect", "--rate", "200",
                       "--length", "1..9", "--body", "1000", "--json"});
  std::size_t most = 0;
  while (honest.running()) {
    for (const pid_t worker : proxy.worker_pids()) most = std::max(most, private_kib_of(worker));
    std::this_thread::sleep_for(50ms);
  }
  over = true;
  attacks.clear();
  const auto exit = honest.wait();
  const Stats stats = stats_of(proxy);
  std::cout << "stated " << stated / 1024 << " MiB, at most " << most / 1024 << " MiB; closed:";
  for (const auto& [reason, count] : stats.closed) std::cout << ' ' << reason << ' ' << count;
  std::cout << "; honest client: " << (exit == Exit{0, 0} ? "no failure" : honest.output() + honest.errors())
            << '\n';
  const bool within = static_cast<double>(most) <= kTolerance * static_cast<double>(stated);
  return within && exit == Exit{0, 0} && proxy.logged(" worker_died ") == 0 ? 0 : 1;
}

}  // namespace

int run_memory_attack() {
  std::signal(SIGPIPE, SIG_IGN);
  const char* const seconds = std::getenv("ATTACK_SECONDS");
  return run_attacks(seconds == nullptr || *seconds == '\0' ? 20 : std::strtoull(seconds, nullptr, 10));
}

}  // namespace finishline::test

int main() { return finishline::test::run_memory_attack(); }
