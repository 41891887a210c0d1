// Plays a load plan over connections: one loop, one process.
//
//   plan, and requests to be sent again --> whichever connection has room --> replies --> tally, journal
//                                  ^                                             |
//                                  '---- lost, or refused by a draining proxy ---'
//
// A request whose server was lost has been tried elsewhere by the proxy, as far as its retry budget went:
// it is sent again too, but a tick later, so that clients do not make the storm that the budget prevents.
//
// In a closed loop the next request is due as soon as there is room; in an open loop when the plan says so,
// whatever is still unanswered. What is due and finds no room waits in the plan, and its latency counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/connection.h"
#include "client/journal.h"
#include "client/priority_mix.h"
#include "client/tally.h"
#include "lb/model/load_plan.h"
#include "lb/net/loop.h"
#include "lb/net/timer.h"
#include "proto/cost_model.h"

namespace finishline::client {

/// How a run came to its end.
struct Ending {
  enum class Kind : std::uint8_t {
    complete,     // every request that was sent has its end, one way or another
    interrupted,  // by the user
    gave_up,      // no connection, or no reply, for too long
  };
  Kind kind = Kind::complete;
  std::string reason;                         // for people; "" when complete
  tls::TlsFault fault = tls::TlsFault::none;  // other than none: it is TLS that has failed, for that reason
  bool silent = false;                        // there has not been one word of the other side
};

/// The reason of a run that was interrupted.
inline constexpr const char* kInterrupted = "interrupted: this is the report so far";

class Runner final : private Connection::Owner {
 public:
  /// Which requests of the plan are played: those whose number leaves `index` when divided by `count`.
  struct Share {
    std::uint32_t index = 0, count = 1;
  };
  struct Settings {
    Wire wire;
    std::uint32_t connections = 1;
    Share share;
    bool open_loop = false;
    PriorityMix priorities;
    bool retry = true;           // what was on a lost connection may be sent again
    Nanos duration{};            // closed loop: no first send after it; 0: as long as the plan
    Nanos warmup{};              // requests that are due before it are in warm_up(), not in the tally
    bool silent_before = false;  // the peer has already closed a connection without a word
    Nanos connect_timeout{};     // give up after being without any connection for so long
    Nanos reply_timeout{};       // give up after so long with requests open and no answer; 0: never
  };

  /// The loop, the tally and the journal outlive the runner.
  Runner(net::Loop& loop, Settings settings, model::LoadPlan plan, const CostModel& cost, Tally& tally,
         Journal& journal);

  /// Connects, plays the plan, and returns when it is over. Once.
  Ending play();
  /// Ends play() soon: sends nothing more and takes back what is open, for half a second at most.
  void stop(Ending ending);
  /// Ends play() now; what is open stays unanswered. Behind stop().
  void stop_at_once() { loop_.stop(); }

  /// Called about ten times a second while play() runs.
  void on_tick(std::function<void()> hook) { tick_hook_ = std::move(hook); }
  /// Called once, when there is no connection yet and there should be; with what the last attempt told.
  void on_waiting(std::function<void(const std::string& why)> hook) { waiting_hook_ = std::move(hook); }
  /// Since the first request became due.
  Nanos elapsed() const;
  std::size_t open_requests() const { return open_; }
  /// Of the requests that were due before `warmup` was over.
  const Tally& warm_up() const { return warm_up_; }

 private:
  void on_room(Connection& connection) override;
  void on_answer(Connection& connection, const Request& request, const Answer& answer, Instant now) override;
  void on_wrong(const Request* request, Fault fault, Instant now) override;
  void on_lost(const std::vector<Request>& orphans, bool was_open, const std::string& why) override;
  void on_garbled(std::span<const std::byte> first, Instant now) override;
  void on_silent(unsigned times) override;
  void on_tls_failed(tls::TlsFault fault, const std::string& why) override;
  bool wants_renewal() override;

  void begin();
  void fill(Connection& connection);
  void spread();
  bool send_one(Connection& connection);
  void advance();
  std::optional<Request> take_due();
  bool places_are_taken() const;
  /// When a request with this answer is sent once more; nothing when it has had its answer.
  std::optional<Instant> sent_again_at(Request& request, const Answer& answer, Instant now);
  void take_back();
  void count_hopeless(std::string why);
  void send_later(const Request& request, Instant at);
  void end_plan_in_time();
  void on_due();
  void await_next();
  void end_if_done();
  void tick();
  void send_later_ones();
  bool seems_foreign(Instant now) const;
  void give_up_if_silent(Instant now);
  void close_connections();

  Tally& tally_of(const Request& request) { return request.warm_up ? warm_up_ : tally_; }
  bool nothing_left() const { return !ahead_ && again_.empty() && later_.empty(); }

  static constexpr Nanos kNotArmed{-1};

  net::Loop& loop_;
  Settings settings_;
  model::LoadPlan plan_;
  std::vector<char> codes_;
  Tally& tally_;
  Tally warm_up_;
  Journal& journal_;

  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t turn_ = 0;                        // the connection that is asked first
  std::optional<model::PlannedRequest> ahead_;  // the next of the plan; nothing when it is at its end
  std::uint64_t number_ = 0;                    // of ahead_
  std::uint64_t planned_ = 0;                   // what the plan has given
  std::deque<Request> again_;                   // to be sent once more, before what the plan has
  std::multimap<Instant, Request> later_;       // joins them at that time
  std::size_t open_ = 0;

  bool begun_ = false, stopped_ = false;
  bool answered_ = false;     // a reply has come
  unsigned most_silent_ = 0;  // connections in a row that one of ours lost before a byte came
  Ending ending_;
  Instant start_{};
  std::size_t connects_ = 0;  // before begin()
  Instant connecting_since_{};
  Instant last_ready_{};   // when there last was a connection
  Instant last_life_{};    // when an answer last came, or the first request went out that waits for one
  unsigned hopeless_ = 0;  // connections in a row with nothing that could be understood
  std::string last_failure_ = "no answer";
  Nanos armed_for_ = kNotArmed;
  net::Timer due_;
  net::Timer ticker_;
  net::Timer later_due_;
  net::Timer taken_back_by_;
  std::function<void()> tick_hook_;
  std::function<void(const std::string&)> waiting_hook_;
};

}  // namespace finishline::client
