// One of the client's connections: sends requests, matches the replies, and comes back when it is lost.
//
//    closed --open()--> connecting --> ready --goaway, or one request each--> leaving
//                        ^    |          |                                     |
//             back-off   |    v          v                                     |
//                       waiting <-------lost                                   |
//                        ^----------------------- all answered: renewed -------'
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "client/open_requests.h"
#include "client/request.h"
#include "client/route.h"
#include "client/tally.h"
#include "client/think_time.h"
#include "client/verify.h"
#include "lb/net/loop.h"
#include "lb/net/source_addresses.h"
#include "lb/net/stream.h"
#include "lb/net/timer.h"
#include "proto/frame.h"
#include "proto/mini.h"

namespace finishline::client {

/// How requests go over the wire: the same for all connections of a run, and outlives them.
struct Wire {
  Route route;
  bool mini = false;
  bool one_each = false;       // a new connection for every request
  std::uint32_t depth = 1;     // requests open on one connection; 0: no limit
  ThinkTime think;             // how long a connection rests after a reply
  std::uint64_t seed = 1;      // of these times
  bool names_servers = false;  // replies carry the number of the server, as a proxy's do
  std::uint32_t deadline_ms = 0;
  Expectation expected;  // expected.flags go out with every request
};

class Connection final : private net::StreamEvents {
 public:
  /// What the connection tells; `now` is when the bytes were read. None of these may destroy the connection.
  class Owner {
   public:
    /// It became ready to take requests, or a request left it.
    virtual void on_room(Connection& connection) = 0;
    /// The right reply for a request has come; the request is no longer open.
    virtual void on_answer(Connection& connection, const Request& request, const Answer& answer,
                           Instant now) = 0;
    /// A wrong reply has come; `request` is no longer open, and nullptr where none was concerned.
    virtual void on_wrong(const Request* request, Fault fault, Instant now) = 0;
    /// It is down, or could not be opened, and will try again by itself; `orphans` were open on it.
    virtual void on_lost(const std::vector<Request>& orphans, bool was_open, const std::string& why) = 0;
    /// What came on it are no replies, neither whole ones nor the beginning of one; on_lost() follows.
    /// `first` is how they began, and lives for this call.
    virtual void on_garbled(std::span<const std::byte> first, Instant now) = 0;
    /// It was closed with requests open and without one byte that came, so often in a row; on_lost() follows.
    virtual void on_silent(unsigned times) = 0;
    /// TLS has failed, for this reason; on_lost() follows.
    virtual void on_tls_failed(tls::TlsFault fault, const std::string& why) = 0;
    /// Whether a connection that was given up in good order is to be opened again.
    virtual bool wants_renewal() = 0;

   protected:
    ~Owner() = default;
  };

  /// All that is given outlives the connection. `number` seeds the jitter of its back-off and says
  /// with which source it begins.
  Connection(net::Loop& loop, const Wire& wire, Owner& owner, std::uint32_t number);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Begins to connect; precondition: it was never opened, or is closed.
  void open();
  bool ready() const { return state_ == State::ready; }
  /// Whether send() may be called.
  bool has_room() const { return ready() && !resting_ && (wire_.depth == 0 || open_.size() < wire_.depth); }
  /// The bytes leave at the end of the turn.
  void send(const Request& request);
  /// Takes no new request: is renewed when the open ones are answered.
  void leave();
  /// Nobody wants what is open any more: the other side is asked whether it understands that, and if so told;
  /// the answers come, as cancelled. If not, it is lost. It connects no more.
  void take_back();
  /// Ends for good and returns what was open. In good order when nothing was; else with a reset, which tells
  /// the other side that nobody waits.
  std::vector<Request> close();

 private:
  enum class State : std::uint8_t { closed, connecting, ready, leaving, waiting };

  void on_connected() override;
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end(net::End end) override;

  void send_frame(const Request& request);
  void send_word(const Request& request);
  void keep_first(std::span<const std::byte> bytes);
  bool began_otherwise() const;
  bool read_frames(std::span<const std::byte> bytes, Instant now);
  bool read_words(std::span<const std::byte> bytes, Instant now);
  void on_frame(const proto::Frame& frame, Instant now);
  void on_pong(const proto::Frame& frame);
  void send_bare(const proto::FrameHeader& header);
  void on_word(proto::MiniWord word, Instant now);
  void settle(std::uint64_t id, std::variant<Answer, Fault> outcome, Instant now);
  void rest();
  void lose(const std::string& why);
  void renew();
  void wait_and_connect();
  std::vector<Request> take_open();

  net::Loop& loop_;
  const Wire& wire_;
  Owner& owner_;
  State state_ = State::closed;
  std::minstd_rand jitter_;
  net::SourceAddresses sources_;
  net::TcpStream stream_;
  net::Timer retry_;
  net::Timer rest_;
  bool resting_ = false;
  bool taking_back_ = false;
  bool unheeded_ = false;   // where nobody understands that
  std::uint64_t thoughts_;  // rests so far, mixed with the seed
  proto::FrameDecoder frames_;
  proto::MiniDecoder words_;
  std::vector<std::byte> first_;  // of this connection, a header's length at most
  bool heard_ = false;            // a whole frame, or a word that is one, has come on it
  OpenRequests open_;
  std::deque<std::uint64_t> order_;  // mini: ids in the order in which replies must come
  unsigned failures_ = 0;            // connections in a row that brought no good reply
  unsigned silent_ = 0;              // connections in a row that were closed before a byte came
};

}  // namespace finishline::client
