// A client connection that speaks HTTP/1.1: POST /TYPE, the body in, the reply's body out. Replies leave in
// the order of their requests. Worker process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "lb/http/reply_head.h"
#include "lb/http/request_reader.h"
#include "lb/http/typed_request.h"
#include "lb/worker/client_session.h"
#include "lb/worker/reply_order.h"

namespace finishline::worker {

class HttpSession final : public ClientSession {
 public:
  HttpSession(const SessionContext& context, const ListenerOptions& options, net::TcpStream stream,
              const net::Address& peer);

  /// The newest reply that has not been written says that the connection ends, or else the next one.
  void drain() override;

 private:
  /// What a reply has to know of its request.
  struct Asked {
    Instant at;
    int status = 0;          // of HTTP, where it was refused before it was typed work; 0: by the answer
    bool head_only = false;  // HEAD
    bool old = false;        // HTTP/1.0
    bool last = false;
  };

  void feed(std::span<const std::byte> bytes) override { reader_.feed(bytes); }
  Step take_one() override;
  void stash() override { reader_.stash(); }
  /// A client that has been let wait for its "100 Continue" owes nothing.
  bool mid_frame() const override { return reader_.mid_request() && !owes_continue_; }
  std::size_t kept_bytes() const override { return reader_.kept_bytes() + order_.bytes() + held_replies_; }
  bool full(std::uint32_t open) const override;
  bool refuse_unfinished() override;
  bool has_said_last() const override { return draining_ && taken_last_; }
  /// As web servers see it: nobody waits for a reply whose client has ended the connection.
  bool may_be_half_closed() const override { return false; }
  void encode(std::uint64_t position, const Answer& answer) override;

  bool take_head();
  Step take_request();
  Step refuse_bad();
  std::uint64_t open(bool last);
  void refuse(std::uint64_t position, const http::Objection& objection);
  std::string head_of(const Asked& asked, const Answer& answer, std::string_view body) const;
  std::string_view server_name(std::uint32_t number) const;
  void write(std::string_view bytes);
  void say_continue();

  http::RequestReader reader_;
  std::variant<http::TypedRequest, http::Objection> wanted_;  // of the request whose body comes
  ReplyOrder<Asked, std::string> order_;
  std::size_t held_replies_ = 0;  // bytes of replies whose turn has not come
  bool owes_continue_ = false;    // behind the replies that are open
  bool taken_last_ = false;       // nothing is taken behind it
  bool draining_ = false;
};

}  // namespace finishline::worker
