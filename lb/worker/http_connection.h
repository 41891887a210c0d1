// One connection to a server that speaks HTTP: one request at a time. Worker process. The link that owns it
// is told what becomes of it, and may close it inside any of those calls; it does not drop it there.
#pragma once

#include <string>
#include <string_view>

#include "lb/http/reply_reader.h"
#include "lb/net/loop.h"
#include "lb/net/stream.h"
#include "lb/net/timer.h"
#include "lb/tls/client_context.h"
#include "lb/worker/pending.h"

namespace finishline::worker {

class HttpConnection final : private net::StreamEvents {
 public:
  enum class State : std::uint8_t { closed, connecting, idle, busy };

  class Owner {
   public:
    /// It can be given a request.
    virtual void on_open() = 0;
    /// The whole reply to `token`, which took so long. Who does not close it finds the connection idle or
    /// closed once this has returned.
    virtual void on_reply(Token token, const http::ReplyReader& reply, Nanos took) = 0;
    /// It has ended with this request on it, or with a reply that is none.
    virtual void on_lost(Token token, const std::string& why) = 0;
    /// It has been closed because the reply is larger than may be.
    virtual void on_too_large(Token token) = 0;
    /// It could not be made.
    virtual void on_failed(const std::string& why) = 0;
    /// Something has changed: it is idle, closed, or holds more than before.
    virtual void on_change() = 0;

   protected:
    ~Owner() = default;
  };

  /// Everything borrowed outlives it.
  HttpConnection(net::Loop& loop, Owner& owner, std::size_t max_body);

  struct Way {
    net::Address address;
    net::Address source{};
    net::TcpTimeouts tcp_timeouts{};
    const tls::ClientContext* tls = nullptr;
    Nanos patience = 5s;  // until it is open
  };
  /// Of one that is closed.
  void open(const Way& way);
  /// Of one that is idle.
  void start(Token token, std::string_view head, std::string_view body);
  void close();

  State state() const { return state_; }
  Token token() const { return token_; }
  /// When its request was sent; when it became idle.
  Instant since() const { return since_; }
  Instant opened_at() const { return opened_at_; }
  std::size_t kept_bytes() const { return state_ == State::busy ? reader_.kept_bytes() : 0; }
  void allow_reading(bool yes);

 private:
  void on_connected() override;
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end(net::End end) override;
  void finish(bool stays);
  void fail(const std::string& why);

  net::Loop& loop_;
  Owner& owner_;
  http::ReplyReader reader_;
  net::TcpStream stream_;
  net::Timer patience_;
  State state_ = State::closed;
  Token token_ = 0;
  Instant since_{};  // busy: sent; idle: so long
  Instant opened_at_{};
};

}  // namespace finishline::worker
