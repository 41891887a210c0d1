// Reads the reply to a POST, of one HTTP/1 server after the other on its connection. The grammar is
// Boost.Beast's, behind the same head_scan.h as for requests. No socket and no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "lb/http/head_scan.h"
#include "proto/units.h"

namespace finishline::http {

class ReplyReader {
 public:
  static constexpr std::size_t kMostHead = 16U << 10;
  enum class Step : std::uint8_t { need_more, reply, bad };

  /// A body of more than `max_body` bytes is too_large(), and bad.
  explicit ReplyReader(std::size_t max_body);
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  /// One more request has been sent: its reply is awaited.
  void expect();
  /// Takes what has come. Bytes behind a whole reply, which nobody asked for, are bad.
  Step feed(std::span<const std::byte> bytes);
  /// The other side has ended: a body without a length is whole.
  Step end();

  int status() const { return status_; }
  std::string_view body() const { return body_; }
  /// What of its headers goes to the client, as lines; Content-Type is among them whatever the server has
  /// said.
  std::string_view headers() const { return headers_; }
  /// Of Retry-After in seconds; 0 when there is none.
  Nanos retry_after() const { return retry_after_; }
  /// The server goes on with this connection.
  bool keep_alive() const { return keep_alive_; }
  bool too_large() const { return too_large_; }
  /// Some of a reply has come.
  bool begun() const { return begun_; }
  std::size_t kept_bytes() const { return kept_.capacity() + headers_.capacity() + body_.capacity(); }

 private:
  class Parser;
  void note_field(std::string_view name, std::string_view value);
  Step take();
  Step take_head();
  Step take_body();
  Step finish();

  const std::size_t max_body_;
  std::unique_ptr<Parser> parser_;  // none: the head is not whole
  HeadScan scan_;
  std::string kept_;
  std::string headers_;
  std::string body_;
  int status_ = 0;
  Nanos retry_after_{};
  bool keep_alive_ = false;
  bool too_large_ = false;
  bool begun_ = false;
  bool typed_ = false;  // Content-Type has been seen
};

}  // namespace finishline::http
