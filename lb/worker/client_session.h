// One client connection: takes requests out of the bytes while it may, pauses reading when it may not,
// writes answers. What the protocols of requests share; frame_session.h, mini_session.h and
// http_session.h add the codec.
// Worker process.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/http/typed_request.h"
#include "lb/ledger/metrics.h"
#include "lb/net/loop.h"
#include "lb/net/stream.h"
#include "lb/worker/access_recorder.h"
#include "lb/worker/byte_budget.h"
#include "lb/worker/client_state.h"
#include "lb/worker/request.h"
#include "lb/worker/session.h"

namespace finishline::worker {

class Dispatcher;
class ForeignSpeech;
class SessionTable;
class StreamPool;
struct ListenerTls;

/// Of streams that stay TLS: the servers of one name.
struct StreamRoute {
  std::string name;      // of the server, or a wildcard
  std::size_t pool = 0;  // as the dispatcher counts
  StreamPool* streams = nullptr;
};

/// What a listener promises its clients; one per listener, outlives its sessions.
struct ListenerOptions {
  std::string name;
  std::size_t pool = 0;  // as the dispatcher counts
  std::uint32_t max_body = proto::kDefaultMaxBody;
  std::uint32_t max_length = 0;                           // units; a longer request is too_large
  std::uint32_t max_open = 1024;                          // requests open per connection
  std::uint32_t max_buffer = net::TcpStream::kHighWater;  // bytes of unread replies; above it nothing is read
  Nanos header_timeout{};                                 // 0: none
  Nanos idle_timeout{};                                   // 0: none
  Nanos handshake_timeout{};                              // 0: none
  net::Networks proxy_from{};                             // who begins with a PROXY protocol header
  net::NetworkWeights client_weights{};                   // of what waits; none: clients take turns
  net::TcpTimeouts tcp_timeouts{};
  std::string description;  // JSON for `describe`; "" refuses it
  const CostModel* cost = nullptr;
  http::TypedRules http{};  // mode http

  // mode stream
  StreamPool* streams = nullptr;
  double load = 1;                    // of one connection, in percent of a server of capacity 100
  Nanos half_closed_timeout{};        // 0: none
  std::vector<StreamRoute> routes{};  // by the name that a client's TLS asks for; none: it is not looked at
  ListenerTls* tls = nullptr;         // none: clients speak no TLS
  Admission* admission = nullptr;     // nullptr: no limits
  ForeignSpeech* foreign = nullptr;   // nullptr: the log is not told of other protocols
  ByteBudget::Share* memory =
      nullptr;  // what its clients hold together; never nullptr in a listener of requests
};

/// What every session of a worker shares.
struct SessionContext {
  net::Loop& loop;
  Dispatcher& dispatcher;
  SessionTable& table;
  ledger::WorkerMetrics& metrics;
  ByteBudget& budget;
  AccessRecorder* access = nullptr;  // none: no access log
};

class ClientSession : public Session, public net::StreamEvents {
 public:
  ClientSession(const SessionContext& context, const ListenerOptions& options, net::TcpStream stream,
                const net::Address& peer);

  /// The answer to the request that dispatch() was given `tag` for.
  void deliver(std::uint64_t tag, const Answer& answer) override;
  ClientName client_name() const override {
    return {options_.name, address_ ? std::string_view(*address_) : ""};
  }
  double weight() const override { return weight_; }
  void keep(std::ptrdiff_t bytes) override { bodies_ += static_cast<std::size_t>(bytes); }
  /// Goes on with what was read before a pause, if it may by now.
  void resume() override;
  bool may_resume() const override;
  void hold_reading() override { stream_.pause_reading(); }
  void go_on() override;
  bool may_go_on() override;
  std::size_t held() const override { return held_with(kept_bytes()); }
  std::size_t stuck() const override { return closed() ? 0 : stuck_with(kept_bytes()); }
  bool waits_for_room_alone() const override { return open_ == 0 && stream_.buffered() == 0; }
  void drop(ledger::CloseReason reason) override;
  /// Tells the client that this connection takes no new request; what comes all the same is answered
  /// with `draining`. The session closes itself when nothing is open and the client has been quiet since the
  /// last reply. Who has
  /// asked for nothing yet did not come too late: its first request is served, and then it is told, or, where
  /// the protocol has no word for that, the connection ends behind the reply.
  void drain() override;
  void check_time(Instant now) override;

 protected:
  enum class Step : std::uint8_t {
    asked,      // one was taken, and is answered
    unasked,    // one was taken that asks for nothing
    need_more,  // none is whole
    ended
  };

  /// The codec's part: gives bytes to the decoder, takes one request out of it, keeps the rest.
  virtual void feed(std::span<const std::byte> bytes) = 0;
  virtual Step take_one() = 0;
  virtual void stash() = 0;
  virtual bool mid_frame() const = 0;
  virtual std::size_t kept_bytes() const = 0;
  /// So many answers have not left yet that no further request is taken.
  virtual bool full(std::uint32_t open) const { return open >= options_.max_open; }
  virtual void encode(std::uint64_t tag, const Answer& answer) = 0;
  /// What has come of a request that is not whole, for people.
  virtual std::span<const std::byte> unread() const { return {}; }
  /// False where the protocol has no word for it.
  virtual bool say_goaway() { return false; }
  /// Its newest reply has said that the connection ends behind it.
  virtual bool has_said_last() const { return false; }
  /// Who has ended its own side still waits for what it has asked for.
  virtual bool may_be_half_closed() const { return true; }
  /// What has been begun is not whole in time. False where the protocol has no word for it.
  virtual bool refuse_unfinished() { return false; }

  /// Checks what any protocol must check and hands the request on; otherwise answers it here.
  void submit(char code, std::uint8_t flags, std::uint32_t length, std::uint32_t deadline_ms,
              std::span<const std::byte> body, std::uint64_t tag, std::string_view headers = {});
  /// The request with this tag is not wanted any more.
  void cancel(std::uint64_t tag);
  /// Answers without a server, before the request has become one.
  void reject(std::uint64_t tag, const Answer& answer);
  /// The log is told of bytes that are not of the protocol of this listener.
  void tell_foreign(std::span<const std::byte> bytes);
  /// No more requests from this client; closes for this reason once all open ones are answered.
  void end_input(ledger::CloseReason reason);

  const SessionContext& context_;
  const ListenerOptions& options_;
  net::TcpStream stream_;

 private:
  static constexpr Nanos kQuietBeforeClose = 200ms;  // after goaway
  static constexpr Nanos kLongestGoodbye = 1s;       // then the end, whatever still comes
  static constexpr Nanos kFirstRequest = 1s;  // from the accept: who comes while we drain may take so long

  void begin() override { stream_.start(*this); }
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end(net::End end) override;
  void on_drained() override { resume(); }

  bool closed() const { return input_ == ClientInput::closed; }
  /// Requests may be waiting in the decoder.
  bool paused() const { return input_ == ClientInput::paused || input_ == ClientInput::ended_paused; }
  /// No more bytes will be read, and it is not closed.
  bool ended() const { return input_ == ClientInput::ended || input_ == ClientInput::ended_paused; }
  bool wordless() const { return goodbye_ == Goodbye::wordless; }
  bool was_told_to_go() const { return goodbye_ == Goodbye::told || goodbye_ == Goodbye::wordless; }

  inline bool may_take() const;
  /// How long until this client may send a request; 0: now, and this one is counted.
  Nanos over_rate();
  inline void take_requests();
  void note_asked();
  /// Tells the budget what is held here now, and stops reading when that is more than this client's share.
  void account();
  void write_off();
  std::size_t stuck_with(std::size_t input) const { return stream_.buffered() + input; }
  std::size_t held_with(std::size_t input) const {
    return (closed() ? 0 : stuck_with(input)) + bodies_ + open_ * sizeof(Pending);
  }
  void pause();
  /// The one door out. Sends what is buffered first.
  void close(ledger::CloseReason reason);
  void record_end(ledger::CloseReason reason);
  void close_if_done();
  bool is_gone() const;
  void give_up_unfinished(ledger::CloseReason reason);
  void tell_to_go();
  void end_if_served();

  std::uint64_t client_key_;
  float weight_;                                // of its requests that wait; 0: nobody's counts here
  std::unique_ptr<const std::string> address_;  // for the access log
  std::uint32_t open_ = 0;                      // requests handed on and not answered
  std::size_t bodies_ = 0;                      // bytes of bodies kept for its requests
  std::size_t counted_input_ = 0;               // what the budget knows of
  std::size_t counted_ = 0;                     // what the listener's share knows of
  StateMachine<kClientInputMoves> input_{ClientInput::reading};
  StateMachine<kGoodbyeMoves> goodbye_{Goodbye::none};
  bool asked_ = false;                                                   // a whole request has come
  ledger::CloseReason end_reason_ = ledger::CloseReason::client_closed;  // once the input has ended
  Instant told_to_go_at_{};                                              // once it was
  std::optional<Instant> frame_begun_at_;
  Instant last_bytes_at_;  // while it is told to go, also of replies
};

}  // namespace finishline::worker
