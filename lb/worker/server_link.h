// One persistent connection to one server: connects, comes back after losses, writes requests, cuts
// replies out of the bytes. Worker process. Knows no session and no policy: replies go to the dispatcher
// by token (frame) or by order (mini).
//
//   waiting --timer--> connecting --on_connected--> up --on_end--> waiting
//                          `-----------on_end------------------------^
//
// A link that is up must show that its server lives: it is pinged when it has been idle for ping_after, or
// when the oldest request on it has been due for so long; the pong, or any other whole frame, has
// ping_timeout to come. A frame once begun must be whole by then, too, or go on coming at kSlowest.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/net/loop.h"
#include "lb/net/source_addresses.h"
#include "lb/net/stream.h"
#include "lb/net/timer.h"
#include "lb/sched/random.h"
#include "lb/tls/client_context.h"
#include "lb/worker/dispatcher.h"
#include "lb/worker/flap_damper.h"
#include "lb/worker/foreign_speech.h"
#include "lb/worker/large_replies.h"
#include "lb/worker/roster_link.h"
#include "proto/frame.h"
#include "proto/mini.h"

namespace finishline::worker {

class ServerLink final : public RosterLink, private net::StreamEvents {
 public:
  struct Options {
    std::string server;  // name, for the log
    net::Address address;
    net::SourceAddresses sources{};
    bool mini = false;
    std::uint32_t max_body = proto::kDefaultMaxBody;
    std::uint32_t max_buffer = net::TcpStream::kHighWater;  // bytes unsent, above which it is given no more
    net::TcpTimeouts tcp_timeouts{};
    Nanos ping_after{};    // idle for so long, a frame link is pinged; 0: never
    Nanos ping_timeout{};  // without a byte for so long after the ping it is lost
    ledger::ServerId server_id = 0;
    const tls::ClientContext* tls = nullptr;  // none: without TLS
    Nanos handshake_timeout = 5s;             // with it: from the first try to connect until it is up
    const ledger::Ledger* scaled = nullptr;   // of a scaled server: where its port stands
  };
  enum class State : std::uint8_t { waiting, connecting, up };

  /// Registers itself with the dispatcher as a spare link of this pool; `tried` is called once, after the
  /// first attempt to connect has succeeded or failed. Everything borrowed outlives the link.
  ServerLink(net::Loop& loop, Dispatcher& dispatcher, ledger::WorkerMetrics& metrics, std::size_t pool,
             Options options, std::uint64_t seed, std::function<void()> tried);

  ~ServerLink() override { dispatcher_.add_half_reply(-static_cast<std::ptrdiff_t>(half_reply_)); }
  ServerLink(const ServerLink&) = delete;
  ServerLink& operator=(const ServerLink&) = delete;

  void connect() override;
  bool look_at_place() override;
  State state() const { return state_; }
  LinkId id() const override { return id_; }
  ledger::ServerId server_id() const override { return options_.server_id; }

  void send(Token token, const Request& request) override;
  /// Where the server has said that it understands that. It is asked when the first one is to be cancelled.
  void cancel(Token token) override;
  std::size_t most_unanswered() const override { return options_.max_buffer; }
  bool in_order() const override { return options_.mini; }
  void give_up(std::string_view why) override { lose(std::string(why)); }
  std::size_t half_reply() const override { return half_reply_; }
  void allow_reading(bool yes) override;

 private:
  void on_connected() override;
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end(net::End end) override;
  void on_drained() override { dispatcher_.on_link_drained(id_, loop_.now()); }

  /// Whether the server of this connection understands frames of kind cancel.
  enum class Cancels : std::uint8_t { unknown, asked, no, yes };

  void send_frame(Token token, const Request& request);
  void send_header(const proto::FrameHeader& header);
  void send_cancel(Token token);
  void take_pong(const proto::Frame& pong);
  void take_frames(std::span<const std::byte> bytes);
  void note_large(proto::Frame& frame);
  void take_frame(const proto::Frame& frame, bool too_large);
  void take_words(std::span<const std::byte> bytes);
  void watch();
  void ping();
  bool owes_us() const;
  bool too_slow();
  void note_progress(std::size_t bytes);
  void account();
  void lose(const std::string& why);
  void tell_foreign(std::span<const std::byte> bytes);
  void tell_foreign(const proto::MiniWord& first);
  void tell_unasked(Token id);
  std::string_view hint_at_unasked(Token id) const;
  /// Of each whole frame or word.
  void note_heard() {
    heard_ = true;
    if (damper_.heard()) [[unlikely]]
      tell_up();
  }
  void tell_up();
  void report_first_try();
  std::uint16_t port_now() const;

  net::Loop& loop_;
  Dispatcher& dispatcher_;
  ledger::WorkerMetrics& metrics_;
  Options options_;
  LinkId id_;
  State state_ = State::waiting;
  net::TcpStream stream_;
  net::Timer reconnect_;
  net::Timer watch_;        // while up: looks whether the link is idle, then whether the ping is answered
  bool ping_open_ = false;  // neither its pong nor any other whole frame has come since
  bool heard_ = false;      // a whole frame, since watch_ looked last
  std::optional<Instant> frame_begun_at_;  // of a frame that is not whole yet
  std::size_t frame_bytes_ = 0;            // that have come since
  std::size_t half_reply_ = 0;             // bytes of it that are kept, as the dispatcher knows
  std::uint16_t port_ = 0;                 // of a scaled server, to which it goes; 0: nobody is there
  bool may_read_ = true;                   // while up
  FlapDamper damper_;
  sched::Random random_;
  proto::FrameDecoder frames_;
  proto::MiniDecoder words_;
  std::function<void()> tried_;
  Cancels cancels_ = Cancels::unknown;
  std::vector<Token> to_cancel_;  // while it is asked
  ForeignSpeech foreign_;
  Instant unasked_told_at_{};
  LargeReplies large_replies_;
};

}  // namespace finishline::worker
