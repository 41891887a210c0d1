#include "lb/master/lookups.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace finishline::master {
namespace {

constexpr std::size_t kAtOnce = 16;

/// What the threads share; it outlives whoever waits for them.
struct Desk {
  AskName ask;
  std::mutex mutex;
  std::condition_variable answered;
  std::vector<std::string> open;
  std::map<std::string, config::Addresses> answers;
};

/// Asks until nothing is open.
void work(const std::shared_ptr<Desk>& desk) {
  std::unique_lock lock(desk->mutex);
  while (!desk->open.empty()) {
    const std::string name = std::move(desk->open.back());
    desk->open.pop_back();
    lock.unlock();
    config::Addresses answer = desk->ask(name);
    lock.lock();
    desk->answers.emplace(name, std::move(answer));
    desk->answered.notify_one();
  }
}

std::set<std::string> texts_of(const std::set<config::Name>& names) {
  std::set<std::string> texts;
  for (const config::Name& name : names) texts.insert(name.text);
  return texts;
}

std::map<std::string, config::Addresses> ask_for(const std::set<std::string>& names, Nanos patience,
                                                 AskName ask) {
  const auto desk = std::make_shared<Desk>();
  desk->ask = std::move(ask);
  desk->open.assign(names.rbegin(), names.rend());
  for (std::size_t i = 0; i < std::min(names.size(), kAtOnce); ++i) std::thread(work, desk).detach();
  std::unique_lock lock(desk->mutex);
  desk->answered.wait_for(lock, patience, [&] { return desk->answers.size() == names.size(); });
  return desk->answers;
}

}  // namespace

config::NameTable look_up_all(const std::set<config::Name>& names, Nanos patience, AskName ask) {
  const auto answers = ask_for(texts_of(names), patience, std::move(ask));
  config::NameTable table;
  for (const config::Name& name : names) {
    const auto answer = answers.find(name.text);
    table.emplace(name, answer != answers.end()
                            ? answer->second
                            : config::Addresses("cannot resolve '" + name.text + "': no answer in time"));
  }
  return table;
}

}  // namespace finishline::master
