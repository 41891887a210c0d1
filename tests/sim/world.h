// A deterministic world around the real dispatcher, pool, pending table and ledger: clients, links and
// servers are actors on a virtual clock, and one seed decides all that happens to them.
//
//   clients --Ask--> SimWorker (Dispatcher, WorkerBooks) --SimLink--> server: late, out of order, lost
//      ^                 |                |
//      `----on_answer----'                `--- one ledger, shared by all workers, audited and reclaimed
//
// A worker may die between two events, or inside any call that leaves it (a send, an answer), by an
// exception that nobody in it catches; its pen may have stopped in the middle of a booking.
//
// The world knows what must be true and looks after every event: each request is answered exactly once and
// with its own reply, counters add up, the books hold exactly what is in flight. The first broken promise
// ends the run, and the seed repeats it.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lb/ledger/layout.h"
#include "lb/worker/dispatcher.h"
#include "tests/sim/event_queue.h"
#include "tests/sim/storm.h"
#include "tests/support/frames.h"

namespace finishline::test {

class World;
struct WorkerDied {};

/// One request of one client, and what became of it.
struct SimAsk {
  std::uint32_t worker = 0;
  std::uint32_t life = 0;  // of the worker
  worker::Request request{};
  Bytes body{};
  Instant deadline = Instant::max();
  Instant client_leaves = Instant::max();
  Instant cancelled_at = Instant::max();
  std::uint32_t answers = 0;
  bool forgotten = false;  // its worker died first
};

class SimLink final : public worker::LinkPort {
 public:
  struct Carried {
    worker::Token token;
    std::uint64_t ask;
    Bytes body;
    bool came_late = false;  // after the server had said that it takes no more
  };

  SimLink(World& owner, std::uint32_t its_worker, std::size_t its_server)
      : world(owner), worker(its_worker), server(its_server) {}
  void send(worker::Token token, const worker::Request& request) override;
  void cancel(worker::Token token) override;
  bool in_order() const override;
  void give_up(std::string_view why) override;
  std::size_t half_reply() const override { return half; }
  void allow_reading(bool yes) override;

  World& world;
  std::uint32_t worker;
  std::size_t server;
  worker::LinkId id = 0;
  bool up = false;
  std::uint32_t connections = 0;          // so many times it came up
  Instant server_free_at{};               // mini: replies come in order
  std::vector<Carried> carried;           // in the order of sending
  bool goes_away = false;                 // the server has said that it takes nothing new
  std::optional<worker::Token> dripping;  // whose reply has come in part
  std::size_t half = 0;                   // bytes of that part
  std::vector<worker::Token> behind;      // whose replies stand behind that one
  bool may_read = true;
  bool held_up = false;  // its next part waits until it may be read
};

class SimWorker final : public worker::AnswerSink, public worker::WorkerCaller {
 public:
  SimWorker(World& world, std::uint32_t number, std::uint32_t life);
  bool answer(const worker::ReplyAddress& to, const worker::Answer& answer) override;
  bool awaited(const worker::ReplyAddress& to) const override;
  void kept(const worker::ReplyAddress&, std::ptrdiff_t bytes) override { bodies += bytes; }
  void call(ledger::WorkerId colleague) override;
  std::ptrdiff_t bodies = 0;  // kept for clients
  std::size_t carried() const {
    std::size_t sum = 0;
    for (const SimLink& link : links) sum += link.carried.size();
    return sum;
  }
  /// Of what is carried, that which somebody still waits for.
  std::size_t carried_unanswered() const;

  World& world;
  std::uint32_t number;
  std::uint32_t life;
  ledger::WorkerBooks books;
  ledger::WorkerMetrics metrics;
  worker::Dispatcher dispatcher;
  bool short_of_memory = false;
  Instant alarm = Instant::max();  // when it looks at what waits, by itself
  std::deque<SimLink> links;
  std::set<std::uint64_t> open;  // asks received and not answered
};

class World {
 public:
  explicit World(const Storm& plan);

  /// Plays the storm to its end. The first promise that was broken, or "" when all were kept.
  std::string run();

  /// Of all that happened, in order: equal for two runs that did the same.
  std::uint64_t digest() const { return digest_; }
  std::uint64_t asked() const { return asks_.size(); }
  std::uint64_t answered(proto::Status status) const { return tally_[static_cast<std::size_t>(status)]; }
  std::uint64_t deaths() const { return deaths_; }
  std::uint64_t orphans() const { return orphans_; }
  std::uint64_t forgotten() const { return forgotten_; }
  std::uint64_t inventions() const { return inventions_; }
  std::uint64_t goaways() const { return goaways_; }
  std::uint64_t drips() const { return drips_; }
  std::int64_t retries() const { return reader_.total(ledger::WorkerCell::retries); }

  const Storm storm;
  sched::Random random;
  const CostModel cost;
  ledger::Ledger ledger;
  EventQueue queue;

 private:
  friend class SimLink;
  friend class SimWorker;

  /// What a worker is doing while it is called: decides which answers make sense.
  enum class Doing : std::uint8_t { nothing, dispatching, replying, losing, ticking };

  /// A connection by numbers, because its worker or itself may be gone when it is looked for.
  struct LinkName {
    std::uint32_t worker, life, link, connection;
  };

  // --- the weather ---------------------------------------------------------------------------------

  Nanos about(Nanos mean) {
    return Nanos(1 + static_cast<Nanos::rep>(2 * random.unit() * static_cast<double>(mean.count())));
  }

  /// `act` again and again until all requests have been asked; never when the mean is 0.
  void now_and_then(Nanos mean, void (World::*act)());
  void plan_weather();
  SimWorker* some_worker() { return workers_[random.below(storm.workers)].get(); }
  std::size_t some_server() { return random.below(static_cast<std::uint32_t>(storm.servers.size())); }
  SimLink& some_link(SimWorker& of) {
    return of.links[random.below(static_cast<std::uint32_t>(of.links.size()))];
  }

  void ask();
  SimAsk make_ask(const SimWorker& worker, std::uint64_t number);
  void lose_some_link();
  void crash_some_server();
  void change_some_state();
  /// It takes nothing new on any connection, answers what is open, and ends them.
  void send_some_server_away();
  /// A worker holds too much, or does not any more: replies that have been begun come on one at a time.
  void change_some_memory();

  /// Dies now, or inside one of the next calls that leave a worker.
  void doom_some_worker();

  /// A reply with a token that is not in flight on this link, often one that was in flight before.
  void invent_a_reply();
  void audit() { ledger.audit(queue.now()); }

  // --- workers live and die ------------------------------------------------------------------------

  void start_worker(std::uint32_t number);

  /// Calls into a worker; a death inside is the worker's own.
  template <class Act>
  void call(SimWorker& worker, Doing doing, Act act) {
    doing_ = doing;
    try {
      act();
      plan_look(worker);
    } catch (const WorkerDied&) {
      bury(worker);
    }
    doing_ = Doing::nothing;
  }

  /// The doomed worker dies here, in the n-th call that leaves it.
  void step_of_a_worker();
  void tick(std::uint32_t number, std::uint32_t life);
  /// It looks at what waits, because it was called or because the time has come that it named.
  void look(std::uint32_t number, std::uint32_t life);
  void plan_look(SimWorker& worker);
  void check_idleness();
  void bury(SimWorker& dead);
  /// What the master does, some time later.
  void reap(std::uint32_t number);

  /// The dead worker may have been writing: what raise(), lower(), reserve() and settle() leave behind
  /// when they stop half-way.
  void stop_its_pen(SimWorker& dead);

  // --- links and servers ---------------------------------------------------------------------------

  LinkName name_of(const SimLink& link) const;
  SimLink* find(const LinkName& name);
  void connect(const SimLink& link);
  void lose(SimWorker& worker, SimLink& link);
  void on_sent(SimLink& link, worker::Token token, const worker::Request& request);
  Instant reply_time(SimLink& link);
  void reply(const LinkName& name, worker::Token token);
  /// The next part of the reply that drips, until it is whole.
  void drip(const LinkName& name);
  void hold_half(SimLink& link, std::size_t bytes);
  void finish_reply(const LinkName& name, worker::Token token);
  void hold_replies(SimWorker& worker);
  /// Nobody hears of this one again: the network gives the link up, some time.
  void stay_silent(const LinkName& name, worker::Token token);
  void on_cancelled(const SimLink& link, worker::Token token);
  /// The server does as it was told.
  void reply_cancelled(const LinkName& name, worker::Token token);
  void hand_in(SimWorker& worker, const SimLink& link, const SimLink::Carried& carried,
               const worker::ServerReply& reply);
  bool happens(std::uint32_t percent) { return percent > 0 && random.below(100) < percent; }
  void leave(std::uint64_t number);
  void cancel(std::uint64_t number);

  /// Towards a mini server the order is all there is: the oldest must be the one that the server means.
  void check_order(SimWorker& worker, const SimLink& link, worker::Token token);
  worker::ServerReply reply_for(const SimLink& link, const SimLink::Carried& carried);

  // --- answers -------------------------------------------------------------------------------------

  bool on_answer(SimWorker& worker, const worker::ReplyAddress& to, const worker::Answer& answer);
  void check_answer(const SimWorker& worker, const worker::ReplyAddress& to, const worker::Answer& answer,
                    const SimAsk& ask);
  bool some_server_refuses() const;
  bool cannot_be_done_in_time(const SimAsk& ask) const;
  bool makes_sense(proto::Status status, std::uint64_t number, const SimAsk& ask) const;

  // --- what must be true ---------------------------------------------------------------------------

  bool finished() const;
  void check_now();
  void check_end();
  void check_counters();

  /// Requests that this worker sent to this server and counted neither as served nor as failed, nor as
  /// abandoned.
  std::int64_t unaccounted(std::uint32_t worker, ledger::ServerId server) const;
  void expect(bool held, std::string_view otherwise);

  /// FNV-1a over all that happened.
  void note(char what, std::uint64_t a, std::uint64_t b);
  bool sabotages(Sabotage kind);

  ledger::MetricsReader reader_;
  std::vector<std::unique_ptr<SimWorker>> workers_;  // null while dead
  std::vector<std::uint32_t> lives_;
  std::vector<SimAsk> asks_;
  std::vector<worker::Token> old_tokens_;
  std::array<std::uint64_t, proto::kStatusCount> tally_{};
  std::uint64_t answers_ = 0, deaths_ = 0, orphans_ = 0, forgotten_ = 0, inventions_ = 0;
  std::uint64_t goaways_ = 0, drips_ = 0;
  std::vector<Instant> idle_since_;  // by server: with room, while something waits; max(): not so
  std::uint32_t unreclaimed_ = 0;
  std::uint32_t steps_till_death_ = 0;
  Doing doing_ = Doing::nothing;
  std::uint64_t replying_to_ = 0;
  bool sabotaged_ = false;
  std::uint64_t digest_ = 0xcbf29ce484222325ULL;
  std::string complaint_;
};

}  // namespace finishline::test
