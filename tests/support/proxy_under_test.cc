#include "tests/support/proxy_under_test.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace finishline::test {
namespace {

std::string line(std::string_view key, std::string_view value) {
  return std::string(key) + " = \"" + std::string(value) + "\"\n";
}

/// N of "... key=N ...", or nothing.
std::optional<std::int64_t> number_in(std::string_view text, std::string_view key) {
  const std::string start = ' ' + std::string(key) + '=';
  const auto at = text.find(start);
  if (at == std::string_view::npos) return std::nullopt;
  std::int64_t number = 0;
  const char* const digits = text.data() + at + start.size();
  if (std::from_chars(digits, text.data() + text.size(), number).ec != std::errc{}) return std::nullopt;
  return number;
}

}  // namespace

ProxyUnderTest::ProxyUnderTest(SetUp set_up) : set_up_(std::move(set_up)) {
  open_ports();
  config_file_ = dir_.write("finishline.toml", config_text());
  proxy_.emplace(program("finishline"), std::vector<std::string>{"run", "-c", config_file_});
  wait_until_ready();
}

void ProxyUnderTest::rewrite(SetUp set_up) {
  set_up_ = std::move(set_up);
  open_ports();
  dir_.write("finishline.toml", config_text());
}

void ProxyUnderTest::open_ports() {
  for (const ListenerPart& listener : set_up_.listeners) listener_ports_.try_emplace(listener.name);
  for (const ServerPart& server : set_up_.servers) {
    const bool is_new = server_ports_.try_emplace(server.name).second;
    if (is_new && server.played == Played::by_program) start_server(server.name);
  }
}

std::string ProxyUnderTest::config_text() const {
  std::string text = "[proxy]\nworkers = " + std::to_string(set_up_.workers) + '\n' +
                     line("admin", admin_port_.address()) + set_up_.proxy_keys + "\n[log]\n" +
                     line("level", set_up_.log_level) + set_up_.log_keys + "\n[work]\n" +
                     line("unit", set_up_.unit) + set_up_.work_keys + '\n';
  std::vector<std::string> pools;
  for (const ListenerPart& part : set_up_.listeners) {
    pools.push_back(part.pool);
    text += "[[listener]]\n" + line("name", part.name) +
            line("bind", part.bind.empty() ? listener_ports_.at(part.name).address() : part.bind) +
            line("mode", part.mode) + line("pool", part.pool) + part.keys + '\n';
  }
  for (const ServerPart& part : set_up_.servers) {
    pools.push_back(part.pool);
    text += "[[server]]\n" + line("name", part.name) + line("pool", part.pool) +
            line("address", address_of(part)) + part.keys + '\n';
    if (!takes_streams(part.pool)) text += line("type", part.type) + line("protocol", part.protocol) + '\n';
  }
  std::sort(pools.begin(), pools.end());
  pools.erase(std::unique(pools.begin(), pools.end()), pools.end());
  for (const std::string& pool : pools) {
    const std::string policy = takes_streams(pool) ? "" : line("policy", set_up_.policy);
    text += "[pool." + pool + "]\n" + policy + set_up_.pool_keys;
  }
  return text + set_up_.sections;
}

std::string ProxyUnderTest::address_of(const ServerPart& part) const {
  if (!part.address.empty()) return part.address;
  return part.at != 0 ? "127.0.0.1:" + std::to_string(part.at) : server_ports_.at(part.name).address();
}

bool ProxyUnderTest::takes_streams(const std::string& pool) const {
  return std::any_of(set_up_.listeners.begin(), set_up_.listeners.end(),
                     [&](const ListenerPart& it) { return it.pool == pool && it.mode == "stream"; });
}

void ProxyUnderTest::wait_until_ready() {
  const std::size_t wanted = set_up_.listeners.size() * set_up_.workers;
  // The master may tell of a worker after the worker has told of itself, and whose pid is not known is 0.
  const bool ready = wait_until([&] {
    return (logged(" listening ") >= wanted && logged(" worker_started ") >= set_up_.workers) ||
           !proxy_->running();
  });
  if (ready && proxy_->running()) return;
  throw std::runtime_error("the proxy is not ready; it said:\n" + log() + proxy_->output() + "\nof\n" +
                           config_text());
}

const ServerPart& ProxyUnderTest::part(const std::string& name) const {
  const auto found = std::find_if(set_up_.servers.begin(), set_up_.servers.end(),
                                  [&](const ServerPart& server) { return server.name == name; });
  if (found == set_up_.servers.end()) throw std::runtime_error("the set-up has no server " + name);
  return *found;
}

void ProxyUnderTest::start_server(const std::string& name, std::optional<std::vector<std::string>> flags) {
  const ServerPart& server = part(name);
  std::vector<std::string> arguments = {"--type", server.type,  "--listen",   address_of(server),
                                        "--unit", set_up_.unit, "--protocol", server.protocol};
  const auto& further = flags ? *flags : server.flags;
  arguments.insert(arguments.end(), further.begin(), further.end());
  servers_.erase(name);
  ChildProcess& process = servers_.try_emplace(name, program("finishline-server"), arguments).first->second;
  const auto listens = [&] { return process.output().find("listening on ") != std::string::npos; };
  if (wait_until([&] { return listens() || !process.running(); }) && process.running()) {
    return;
  }
  throw std::runtime_error("server " + name + " does not listen; it said:\n" + process.output() +
                           process.errors());
}

std::vector<pid_t> ProxyUnderTest::worker_pids() const {
  std::vector<pid_t> pids(set_up_.workers);
  std::istringstream lines(log());
  for (std::string text; std::getline(lines, text);) {
    if (text.find(" worker_started ") == std::string::npos) continue;
    const auto worker = number_in(text, "worker");
    const auto pid = number_in(text, "pid");
    if (!worker || !pid) continue;
    const auto number = static_cast<std::size_t>(*worker);
    if (number >= pids.size()) pids.resize(number + 1);  // of a later generation
    pids[number] = static_cast<pid_t>(*pid);
  }
  return pids;
}

std::size_t ProxyUnderTest::logged(std::string_view words) const {
  std::size_t times = 0;
  std::istringstream lines(log());
  for (std::string text; std::getline(lines, text);) {
    if (text.find(words) != std::string::npos) ++times;
  }
  return times;
}

bool ProxyUnderTest::wait_for_log(std::string_view words, std::size_t times) const {
  return wait_until([&] { return logged(words) >= times; });
}

}  // namespace finishline::test
