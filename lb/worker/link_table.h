// The links of one worker to its servers, by number, and which of them each member of each pool has. Tells
// the pools whom they can reach. Worker process; no socket and no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "lb/ledger/ledger.h"
#include "lb/sched/reply_patience.h"
#include "lb/worker/pending.h"
#include "lb/worker/request.h"
#include "lb/worker/request_pool.h"

namespace finishline::worker {

using LinkId = std::uint32_t;
using Pools = std::vector<std::unique_ptr<RequestPool>>;  // by position

/// A link as the dispatcher sees it.
class LinkPort {
 public:
  /// Writes the request; `token` comes back with the reply, or is implied by the order (mini).
  virtual void send(Token token, const Request& request) = 0;
  /// Replies are matched by their order: a lost one shifts all others.
  virtual bool in_order() const { return false; }
  /// Bodies of so many bytes may be at the server unanswered, beyond those that it works on.
  virtual std::size_t most_unanswered() const { return ~std::size_t{0}; }
  /// Nobody waits for the reply to this one any more; it may come all the same. Called once for each.
  virtual void cancel(Token /*token*/) {}
  /// The latest request that was sent to it and lies here, not a byte of it on the way; nothing: none does.
  virtual std::optional<Token> unsent() const { return std::nullopt; }
  /// Which is forgotten here.
  virtual void take_back(Token /*token*/) {}
  /// The connection is of no more use; it is down before this returns, or soon after.
  virtual void give_up(std::string_view /*why*/) {}
  /// Bytes of a reply that is not whole yet; and whether it may come on now.
  virtual std::size_t half_reply() const { return 0; }
  virtual void allow_reading(bool /*yes*/) {}

 protected:
  ~LinkPort() = default;
};

struct Link {
  static constexpr std::uint32_t kSpare = 0xffffffff;

  LinkPort* port = nullptr;  // nullptr: this number is free
  std::uint16_t pool = 0;
  std::uint32_t member = kSpare;
  ledger::ServerId server = 0;
  bool up = false;
  bool backed_up = false;      // what is to be sent is not taken
  bool full = false;           // for that reason, or because it has more bodies than it can work on
  std::size_t unanswered = 0;  // bytes of the bodies of its requests
  std::size_t most_unanswered = ~std::size_t{0};
  PendingQueue queue{};
  sched::LinkPace pace{};

  /// It belongs to no member: it is given nothing, and what it learns concerns no pool.
  bool spare() const { return member == kSpare; }
};

class LinkTable {
 public:
  /// The pools outlive the table, which tells them of changes.
  explicit LinkTable(Pools& pools) : pools_(pools) {}

  /// A pool with so many members has come to the end of the pools.
  void add_pool(std::size_t members) { members_.emplace_back(members); }
  /// The pool at this position has other members: its links become spare.
  void replace_pool(std::size_t pool, std::size_t members);

  /// A spare link, down at first. `port` outlives it.
  LinkId add(std::size_t pool, ledger::ServerId server, LinkPort& port);
  /// A spare link becomes one of this member's.
  void assign(LinkId link, std::size_t member);
  /// Its number is free. Precondition: nothing is in flight on it.
  void remove(LinkId link);

  /// The link can be used, or not any more; it holds more than it should, or has got rid of all of it.
  void set_up(LinkId link);
  void set_down(LinkId link);
  void set_backed_up(LinkId link, bool backed_up);
  /// Bodies of so many bytes have gone to the server, or, below 0, have been answered. Where a pool binds
  /// late a server gets no more of them than fit its link's buffer and twice its slots: what lies in sockets
  /// can neither go elsewhere nor be passed by what is small.
  void carry(LinkId link, std::ptrdiff_t bytes) {
    Link& it = links_[link];
    it.unanswered += static_cast<std::size_t>(bytes);
    if (it.full || it.unanswered > it.most_unanswered) [[unlikely]]
      judge(it);
  }

  /// Where the next request to this member goes; precondition: it has a link.
  LinkId least_loaded(std::size_t pool, std::size_t member) const;
  /// True once when a pool has ceased to be congested.
  bool take_relief() { return std::exchange(relief_, false); }

  Link& operator[](LinkId link) { return links_[link]; }
  const Link& operator[](LinkId link) const { return links_[link]; }
  /// All numbers, those that are free included.
  std::span<Link> all() { return links_; }

 private:
  struct MemberLinks {
    std::vector<LinkId> links;
    std::uint32_t up = 0;
    std::uint32_t full = 0;  // of those that are up
  };
  void count(const Link& link, bool up);
  void judge(Link& link);
  bool has_too_much(const Link& link) const;
  void tell_pool(const Link& link);

  Pools& pools_;
  std::vector<std::vector<MemberLinks>> members_;  // [pool][member]
  std::vector<Link> links_;
  std::size_t free_ = 0;  // numbers; to find one takes a look at all, but links are seldom removed
  bool relief_ = false;
};

}  // namespace finishline::worker
