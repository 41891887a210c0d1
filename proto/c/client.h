// A client in an event loop: requests in, one completion out for each. finishline_client of the C header is
// this, and the functions that wait stand on it. One thread at a time.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proto/c/client_request.h"
#include "proto/c/connector.h"
#include "proto/c/link.h"
#include "proto/c/poller.h"
#include "proto/c/reply_slot.h"
#include "proto/slot_map.h"

namespace finishline::clib {

struct ClientRules {
  std::optional<Nanos> timeout = 60s;          // of a request; nothing: none
  std::optional<Nanos> connect_timeout = 10s;  // so long a request waits to be sent
  std::uint32_t max_body = proto::kDefaultMaxBody;
  std::size_t max_open = 65536;
  RetryRule retry;
};

/// Who is told of a request's end; without a function it is kept for next_completion().
struct Waiter {
  finishline_done done = nullptr;
  void* user = nullptr;
};

class Client {
 public:
  /// `addresses` have been resolved. Throws std::system_error.
  Client(AddressList addresses, const ClientRules& rules);

  const ClientRules& rules() const { return rules_; }
  /// Requests that have not been told or fetched.
  std::size_t open() const { return requests_.size() + ended_.size() + kept_.size(); }
  bool telling() const { return telling_; }

  finishline_ticket submit(Question question, Waiter waiter, Instant now);
  /// False when it has ended already.
  bool cancel(finishline_ticket ticket);
  /// One turn: waits for at most so many milliseconds until something can be done, does it, tells
  /// completions.
  void turn(int at_most_ms);
  /// Has the descriptor be readable when something is to be sent.
  void announce();
  /// Ends and tells all that is open.
  void end_all();
  /// Waits until what takes requests back has left, for a tenth of a second at most: whether the other side
  /// understands it may have to be heard first.
  void say_cancels();
  /// Takes back, ends and tells all that is open, and nothing may be submitted any more.
  void close();
  bool closed() const { return closed_; }
  std::optional<finishline_completion> next_completion();

  int descriptor() const { return poller_.descriptor(); }
  /// When turn() has something to do by the clock; kNever: when the descriptor says so.
  Instant next_time() const;

 private:
  struct Entry {
    ClientRequest request;
    Waiter waiter;
  };
  struct Ended {
    finishline_ticket ticket;
    Waiter waiter;
    ReplySlot reply;
    std::string words;
  };

  // Towards the other side.
  void send_queued(Instant now);
  bool room_on_link(Instant now);
  void put(SlotKey key, Entry& entry, Instant now);
  void flush(Link& link, Instant now);
  // From the other side.
  void handle(const Poller::Event& event, Instant now);
  void connected(Instant now);
  void read(Link& link, Instant now);
  void take(Link& link, const proto::Frame& frame, Instant now);
  void lose(Link& link, const Link::Ending& ending, Instant now);
  void close_done_links();
  Link* find(std::uint64_t tag);
  // How a request goes on, or ends.
  void queue(SlotKey key, Entry& entry, Instant now);
  void fail(SlotKey key, Entry& entry, ReplySlot reply, const std::string& words, Instant now);
  void finish(SlotKey key, Entry& entry, ReplySlot reply, const std::string& words);
  void finish(SlotKey key, Entry& entry, int result, const std::string& words = "");
  void wake_at(SlotKey key, Entry& entry, Instant when);
  void fire_timers(Instant now);
  void fire(SlotKey key, Entry& entry, Instant now);
  void leave_link(Entry& entry);
  void take_back(SlotKey key, const Entry& entry);
  void tell();

  ClientRules rules_;
  Poller poller_;
  Connector connector_;
  Chance chance_;
  std::vector<std::unique_ptr<Link>> links_;
  Link* current_ = nullptr;  // takes new requests
  std::uint64_t last_tag_ = Connector::kTag;
  SlotMap<std::unique_ptr<Entry>> requests_;
  std::deque<SlotKey> queue_;  // those that have ended or gone on meanwhile are skipped
  std::size_t queued_ = 0;     // those that are really there
  std::set<std::pair<Instant, finishline_ticket>> timers_;
  std::deque<Ended> ended_;  // to be told
  std::deque<Ended> kept_;   // to be fetched
  std::vector<std::byte> block_;
  bool telling_ = false;
  bool closed_ = false;
};

}  // namespace finishline::clib
