// Cuts the bytes of a connection into HTTP/1 requests. The grammar is Boost.Beast's; what it allows and
// intermediaries disagree about is refused here: see head_scan.h, and one length for each body. No socket and
// no clock.
//
//   reader.feed(bytes);
//   while ((step = reader.next()) != Step::need_more && step != Step::bad)
//     if (step == Step::request) use(reader.head(), reader.body());
//
// A caller that must pause in between calls stash() before `bytes` dies and goes on with next() later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lb/http/head_scan.h"
#include "lb/http/request_head.h"

namespace finishline::http {

class RequestReader {
 public:
  /// Of a head, of the line before a chunk, and of what comes behind the last one.
  static constexpr std::size_t kMostHead = 16U << 10;

  enum class Step : std::uint8_t {
    head,       // head() is whole; next() goes on with the body
    request,    // body(), too
    need_more,  // all of it has been taken, and the rest kept
    bad,        // objection() tells; the boundary is lost, and it stays in this state
  };

  explicit RequestReader(std::size_t max_body);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// Not while an earlier span is neither used up (need_more) nor stashed.
  void feed(std::span<const std::byte> bytes);
  Step next();
  void stash();

  const RequestHead& head() const { return head_; }
  /// Borrows from the reader, or from what it was fed: good until the next call.
  std::span<const std::byte> body() const;
  const Objection& objection() const { return objection_; }

  /// A request has been begun and its rest is not here.
  bool mid_request() const { return state_ == State::body || (state_ == State::head && !input_.empty()); }
  /// What has been fed and not taken; of a request that is bad all of it, from its begin on.
  std::span<const std::byte> unread() const { return std::as_bytes(std::span(input_)); }
  /// Heap bytes held for unfinished input.
  std::size_t kept_bytes() const { return kept_.capacity() + head_bytes_.capacity() + body_.capacity(); }

 private:
  enum class State : std::uint8_t { head, body, done, bad };
  class Parser;

  void begin();
  void skip_empty_lines();
  Step take_head();
  Step take_body();
  Step parse_body();
  Step judge_chunk_line();
  void take_piece(std::string_view piece);
  Step refuse(int status, std::string words);
  Step refuse_malformed(int code);
  void note_field(std::string_view name, std::string_view value);
  bool judge_head();
  void release();

  const std::size_t max_body_;
  State state_ = State::head;
  std::string_view input_;  // not yet taken; of what was fed, or of kept_
  std::string kept_;
  HeadScan scan_;
  std::unique_ptr<Parser> parser_;
  std::string head_bytes_;  // what head_ borrows from
  RequestHead head_;
  std::string body_;             // what has come of it, when it came in pieces
  std::string_view whole_body_;  // else
  Objection objection_;
};

}  // namespace finishline::http
