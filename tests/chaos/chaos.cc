// A bad day, on purpose: under load, workers, servers and the control process are killed, servers stall, come
// and go, clients read slowly or talk nonsense, by a schedule drawn from a seed. At the end every request
// must have been answered correctly, every number must add up, and nothing may have grown.
//
//   CHAOS_SECONDS=60 CHAOS_SEED=7 finishline-chaos      the same seed draws the same schedule
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/chaos/chaos.h"
#include "tests/chaos/load.h"
#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

namespace finishline::test {
namespace {

/// What buffers for the load may take, and what a log of many deaths may.
constexpr std::size_t kWorkerGrowthKib = 16 * 1024, kMasterGrowthKib = 1024;

SetUp stage(const std::string& token_file) {
  return {.servers = {{.name = "video-1"},
                      {.name = "video-2"},
                      {.name = "music-1", .type = "music"},
                      {.name = "music-2", .type = "music"}},
          .workers = kWorkers,
          .unit = "200us",
          .proxy_keys = "admin_token_file = \"" + token_file + "\"\n",
          .work_keys = "max_length = 1000\n"};  // a garbled length must not be work for minutes
}

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

int main(int argc, char** /*argv*/) {
  using namespace finishline::test;
  if (argc > 1) {
    std::cerr << "usage: CHAOS_SECONDS=60 CHAOS_SEED=7 finishline-chaos\n";
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run_chaos(number_from("CHAOS_SECONDS", 60), number_from("CHAOS_SEED", std::random_device{}()));
  } catch (const std::exception& error) {
    std::cerr << "chaos: " << error.what() << '\n';
    return 1;
  }
}
