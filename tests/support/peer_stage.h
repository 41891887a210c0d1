// Several proxies before the same servers, which hear of each other through a redis.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/proxy_under_test.h"
#include "tests/support/redis_server.h"

namespace finishline::test {

class PeerStage {
 public:
  /// Servers as in the set-up, which the first proxy starts; `peer_keys` are further lines of [peers].
  PeerStage(std::size_t proxies, const RedisServer& redis, SetUp set_up, std::string peer_keys = "")
      : PeerStage(std::vector(proxies, redis.url()), std::move(set_up), std::move(peer_keys)) {}
  /// A proxy for each of these, by which it reaches redis.
  PeerStage(std::vector<std::string> urls, SetUp set_up, std::string peer_keys = "")
      : urls_(std::move(urls)), set_up_(std::move(set_up)), peer_keys_(std::move(peer_keys)) {
    for (std::size_t i = 0; i < urls_.size(); ++i) add();
  }

  /// One more; returns its position.
  std::size_t add() { return add(set_up_); }
  /// With another set-up.
  std::size_t add(const SetUp& set_up) {
    proxies_.push_back(std::make_unique<ProxyUnderTest>(set_up_of(proxies_.size(), set_up)));
    return proxies_.size() - 1;
  }
  /// Has this one reload this set-up, which has no [peers], and returns when it is in force.
  void reload(std::size_t i, const SetUp& set_up, const std::string& more_peer_keys = "") {
    ProxyUnderTest& it = proxy(i);
    const std::size_t before = it.logged(" reloaded ");
    it.rewrite(set_up_of(i, set_up, more_peer_keys));
    it.process().signal(SIGHUP);
    REQUIRE(it.wait_for_log(" reloaded ", before + 1));
  }
  std::size_t size() const { return proxies_.size(); }
  ProxyUnderTest& proxy(std::size_t i) { return *proxies_[i]; }
  /// It is gone, and whatever it was about.
  void remove(std::size_t i) { proxies_[i]->process().kill(); }

  /// What a proxy says of the others: GET /api/v1/peers.
  nlohmann::json peers(std::size_t i) {
    return nlohmann::json::parse(proxies_[i]->get("/api/v1/peers").body);
  }
  std::string engine(std::size_t i) { return peers(i).at("engine").at("state"); }
  std::size_t here(std::size_t i) {
    std::size_t count = 0;
    const nlohmann::json page = peers(i);
    for (const auto& node : page.at("nodes")) count += node.at("state") == "here";
    return count;
  }
  /// Every proxy hears every other one.
  bool all_here(std::size_t others) {
    return wait_until([&] {
      for (std::size_t i = 0; i < proxies_.size(); ++i)
        if (here(i) != others) return false;
      return true;
    });
  }
  bool wait_for_engine(std::size_t i, const std::string& state) {
    return wait_until([&] { return engine(i) == state; });
  }
  /// What this one knows of the first of the others.
  nlohmann::json first_other(std::size_t i) { return peers(i).at("nodes").at(0); }
  /// What all others owe, as this one knows it.
  int in_flight(std::size_t i) {
    int sum = 0;
    const nlohmann::json page = peers(i);
    for (const auto& node : page.at("nodes")) sum += node.at("in_flight").get<int>();
    return sum;
  }

 private:
  SetUp set_up_of(std::size_t i, SetUp set_up, const std::string& more_peer_keys = "") const {
    set_up.sections += peers_of(i) + more_peer_keys;
    if (i == 0) return set_up;
    for (ServerPart& server : set_up.servers) {
      server.at = proxies_.front()->server_port(server.name);
      server.played = Played::by_nobody;
    }
    return set_up;
  }

  std::string peers_of(std::size_t i) const {
    return "[peers]\nname = \"proxy-" + std::to_string(i) + "\"\nredis = \"" + url_of(i) +
           "\"\nsilence = \"1s\"\n" + peer_keys_;
  }

  const std::string& url_of(std::size_t i) const { return urls_[std::min(i, urls_.size() - 1)]; }

  std::vector<std::string> urls_;
  SetUp set_up_;
  std::string peer_keys_;
  std::vector<std::unique_ptr<ProxyUnderTest>> proxies_;
};

}  // namespace finishline::test
