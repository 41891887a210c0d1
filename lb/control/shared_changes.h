// Changes of servers and costs that operators make at one of several proxies, known to all: what is changed
// here is put into the engine, what others have changed is put in force here, as an operator's change is
// (change_service.h), and outlives a restart as that does. Which of two holds that were made at once, the
// versions in the engine decide (peers/shared_orders.h). Control process; the peer process carries the words,
// and the master hands them on.
//
//   change in force here, not by adoption --ask the peer process, again and again--> the engine has it
//   the engine has another one --ask for it here--> in force, or left out, which is told once and tried
//                                                  again when the configuration is another one
//
// Nothing comes back to where it came from: what is adopted is never asked for.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "lb/control/change_service.h"
#include "lb/ledger/ledger.h"
#include "lb/net/loop.h"
#include "lb/peers/shared_orders.h"

namespace finishline::control {

class SharedChanges {
 public:
  struct Actions {
    std::function<void(std::string text)> tell_peer;  // see peers/order_exchange.h
    std::function<void(std::string text)> mark;       // on the page
  };
  /// All outlive it.
  SharedChanges(net::Loop& loop, ledger::Ledger& ledger, ChangeService& changes, Actions actions);

  /// Of this proxy among the others; "": it is alone.
  void set_name(const std::string& name);
  /// The peer process tells all that stands in the engine.
  void take(const std::string& table);
  /// An operator has taken all changes back: also what could not be carried out here goes from the engine.
  void take_back();
  /// To be called several times a second.
  void look();

 private:
  using Orders = std::map<std::string, peers::SharedOrder>;

  void note_change(bool adopted);
  void hear(const std::string& part, peers::SharedOrder order);
  void adopt_all();
  void ask_for(const Orders& batch);
  void conclude(const Orders& batch, const http::HttpReply& reply);
  void leave_out(const std::string& part, const peers::SharedOrder& order, const std::string& reason);
  bool holds(const std::string& part, const peers::SharedOrder& order) const;

  net::Loop& loop_;
  ledger::Ledger& ledger_;
  ChangeService& changes_;
  Actions actions_;
  std::string name_;
  std::map<std::string, std::string> parts_;  // in force
  peers::SharedOrders orders_;
  Orders wanted_;                                         // others', to come into force
  Orders left_out_;                                       // likewise, and could not
  std::set<std::pair<std::string, std::uint64_t>> told_;  // of these it was said that they are left out
  int asked_ = 0;                                         // batches that are under way
  Instant retry_at_{}, table_asked_at_{};
  bool known_ = false;  // what stands in the engine
};

}  // namespace finishline::control
