// Carries what operators have ordered from proxy to proxy: looks at what stands in the ledger, writes changes
// into the engine, and hands what others have ordered to control, which alone carries it out. What is changed
// of the configuration it carries between engine and control, which knows what to do with it
// (control/shared_changes.h). Peer process.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"
#include "lb/peers/directory.h"
#include "lb/peers/engine.h"
#include "lb/peers/shared_orders.h"

namespace finishline::peers {

class OrderExchange {
 public:
  struct Options {
    std::string name;    // of this proxy
    std::string prefix;  // of keys
    /// Control is told all changes that stand in the engine: see to_table().
    std::function<void(std::string table)> tell_control;
  };
  static constexpr Nanos kInterval = 200ms;

  /// Ledger, loop and engine outlive it.
  OrderExchange(net::Loop& loop, ledger::Ledger& ledger, PeerEngine& engine, Options options);

  /// These can be ordered about from now on.
  void change_to(const ConfiguredRows& rows);
  /// Control asks for changes to be put there, or, with "", what stands there.
  void carry(std::string_view table);

  /// The channel on which it is said that something has changed.
  std::string channel() const { return options_.prefix + ":changed"; }
  /// The engine is there, again; something has changed.
  void read();
  void lost() { orders_.set_known(false); }
  /// To be called every few milliseconds.
  void look(Instant now);
  /// Likewise, before the end: looks at once. True when the engine has all that was ordered here.
  bool settle(Instant now);

 private:
  /// One thing that can be ordered.
  struct Place {
    std::string field;  // in the engine: "server video-1"
    bool is_server = false;
    std::uint32_t row = 0;
  };

  void look_at_places(Instant now);
  void take_all(const RedisReply& reply);
  /// What stands there of one place; "": nothing does.
  void hear(const Place& place, const std::string& text);
  static bool means_something(const Place& place, const std::string& value);
  void leave_out(const Place& place, const SharedOrder& order, const char* reason);
  std::string value_of(const Place& place) const;
  std::string otherwise(const Place& place) const;
  void obey(const Place& place, const SharedOrders::Step& step);
  void tell_changes(const std::map<std::string, std::string>& there);
  /// Now and then: lines that nobody needs go from the engine.
  void tidy(const std::map<std::string, std::string>& there);
  void ask(const std::string& field, const SharedOrder& order,
           std::function<void(const RedisReply&)> take_answer);
  void take_answer(const std::string& field, const RedisReply& reply);
  /// Says so, once a minute at most.
  void note_refusal(const RedisReply& reply);
  std::string key() const { return options_.prefix + ":orders"; }
  std::string idle_key() const { return key() + ":idle"; }

  net::Loop& loop_;
  ledger::Ledger& ledger_;
  PeerEngine& engine_;
  Options options_;
  std::vector<Place> places_;
  SharedOrders orders_;
  std::map<std::string, std::string> left_out_;  // by field, what it was said of
  Instant looked_at_{};
  std::optional<Instant> tidied_at_{};
  bool may_not_tidy_ = false;  // and that was said
  std::optional<Instant> refusal_told_at_{};
};

}  // namespace finishline::peers
