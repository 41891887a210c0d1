// Through what proxies hear of each other: redis, by one channel. Two connections, one to say and one to
// hear, which come and go together. Whatever is lost on the way is lost: who hears knows how to go on. Peer
// process.
//
//   connecting --both are ready, and our own words come back--> connected
//   connected  --a connection ends, our words do not come back for `silence`, or it is no master any more-->
//                lost
//   lost       --after a pause that grows to kLongestPause, at the next address--> connecting
#pragma once

#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/config/config.h"
#include "lb/ledger/nodes.h"
#include "lb/net/backoff.h"
#include "lb/peers/engine_link.h"
#include "lb/sched/random.h"

namespace finishline::peers {

class PeerEngine {
 public:
  struct Options {
    std::vector<config::EngineAddress> addresses;  // none: it stays lost
    std::string unresolved{};                      // why there is none
    /// How the one of this name is spoken to; nullptr: without TLS. The context outlives the engine.
    std::function<const tls::ClientContext*(const std::string& host)> tls;
    Introduction introduction;
    std::string channel;    // of reports
    std::string changed{};  // of changed orders
    Nanos silence = 150ms;
  };
  struct Handlers {
    std::function<void(std::string_view bytes)> on_message;  // our own among them
    std::function<void()> on_changed{};                      // orders
    /// The state is another one, or the reason.
    std::function<void(ledger::EngineState state, const std::string& reason)> on_state;
  };
  static constexpr Nanos kFirstPause = 50ms, kLongestPause = 1s;
  static constexpr Nanos kAskRole = 1s;  // how often it is asked whether it is still a master
  static constexpr Nanos kGiveUp = 1s;   // nothing has come back for so long: it is connected anew

  PeerEngine(net::Loop& loop, Options options, Handlers handlers, std::uint64_t seed);

  void set_silence(Nanos silence) { options_.silence = silence; }
  ledger::EngineState state() const { return state_; }
  /// Why it is lost.
  const std::string& reason() const { return reason_; }
  Instant now() const { return loop_.now(); }
  /// Where it is connected to, or tries to.
  std::string place() const;
  /// Whether words can be said now: connections are there, and not too much is on its way.
  bool takes() const;
  void say(std::string_view bytes);
  /// A command, and who takes the reply; not called when the connection is lost before.
  void ask(std::initializer_list<std::string_view> words, std::function<void(const RedisReply&)> take);
  /// Our own words have come back.
  void came_back(Instant now);
  /// To be called every few milliseconds.
  void look(Instant now);

 private:
  void connect();
  std::unique_ptr<EngineLink> link(bool hears);
  void on_ready(bool hears);
  void on_reply(bool hears, const RedisReply& reply);
  void take_answer(const RedisReply& reply);
  void ask_role(Instant now);
  void lose(const std::string& reason);
  void move_to(const net::Address& master);
  void enter(ledger::EngineState state, const std::string& reason);
  void drop_links();

  static constexpr std::size_t kMostUnanswered = 64;

  net::Loop& loop_;
  Options options_;
  Handlers handlers_;
  ledger::EngineState state_ = ledger::EngineState::off;
  std::string reason_;
  std::size_t next_ = 0;               // of the addresses
  std::optional<net::Address> moved_;  // where a sentinel has sent us
  std::unique_ptr<EngineLink> says_, hears_;
  std::vector<std::unique_ptr<EngineLink>> done_;  // until nobody is inside of them
  bool subscribed_ = false;
  std::deque<std::function<void(const RedisReply&)>> unanswered_;  // none: a report
  Instant heard_at_{};                                             // since when nothing has come back
  Instant connected_at_{}, role_asked_at_{};
  net::Backoff pause_{kFirstPause, kLongestPause};
  sched::Random random_;
  net::Timer again_;
};

}  // namespace finishline::peers
