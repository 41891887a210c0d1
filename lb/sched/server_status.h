// What each status in a server's reply means to the proxy: for the request, for the server's health and for
// every policy. The one place where this is said. Floor 1: pure.
//
//   status              from a server                       the request           the server
//   ok                  the work is done                    answered              served
//   bad_frame           it cannot read what we send         elsewhere, not begun  failed
//   unknown_type        it cannot do this type              elsewhere, not begun  failed
//   too_large           the body is over its limit          elsewhere, not begun  failed (neither: with body)
//                       its reply is over our limit       answered              failed
//   no_server           a proxy without servers             elsewhere, not begun  failed
//   server_lost         a proxy that lost its server        again if retryable    failed
//   deadline_exceeded   before the deadline: it made it up  again if retryable    failed
//                       after it: the client's own limit    answered              neither (reply_patience.h)
//   overloaded          it takes no more                    elsewhere, not begun  failed
//   draining            it is about to stop                 elsewhere, not begun  failed, and left alone
//   server_error        the work failed                     answered              failed
//   cancelled           it was told to: answered before     answered              neither
//                       it made it up                       again if retryable    failed
//   one that we do not  it made it up                       answered, as          failed
//   know                                                    server_error
//
// *Elsewhere, not begun*: the server says that it did not start, so the request goes to another server at
// once, whether it is retryable or not, and outside of the retry budget. *Failed* lowers what every policy
// thinks of the server (trust.h, response_times.h) and counts towards its ejection (health_state.h).
#pragma once

#include "proto/frame.h"

namespace finishline::sched {

/// What becomes of a request that a server has replied to.
enum class ReplyOutcome : std::uint8_t {
  answered,  // the reply is the client's
  refused,   // not begun: it goes to another server at once
  undone,    // perhaps begun: it is as lost as on a lost link
};

/// What a reply says about the server that sent it.
enum class Verdict : std::uint8_t { served, failed, neither };

/// What is known of the request when its reply comes.
struct Asked {
  bool has_body = false;
  bool in_time = true;  // its deadline has not passed, or it has none
  bool done = false;    // its work was done: the status is about the reply
};

constexpr ReplyOutcome outcome_of(proto::Status status, const Asked& asked) {
  using proto::Status;
  if (asked.done) return ReplyOutcome::answered;
  switch (status) {
    case Status::bad_frame:
    case Status::unknown_type:
    case Status::too_large:
    case Status::no_server:
    case Status::overloaded:
    case Status::draining:
      return ReplyOutcome::refused;
    case Status::server_lost:
    case Status::cancelled:
      return ReplyOutcome::undone;
    case Status::deadline_exceeded:
      return asked.in_time ? ReplyOutcome::undone : ReplyOutcome::answered;
    case Status::ok:
    case Status::server_error:
      break;
  }
  return ReplyOutcome::answered;
}

constexpr Verdict verdict_on(proto::Status status, const Asked& asked) {
  using proto::Status;
  switch (status) {
    case Status::ok:
      return Verdict::served;
    case Status::too_large:
      return asked.has_body && !asked.done ? Verdict::neither : Verdict::failed;
    case Status::deadline_exceeded:
      return asked.in_time ? Verdict::failed : Verdict::neither;
    default:
      return Verdict::failed;
  }
}

/// Whether the server takes no request on any connection until it says otherwise.
constexpr bool is_leaving(proto::Status status) { return status == proto::Status::draining; }

/// What the client is told when no server is left that has not refused: words that are about the proxy's
/// servers, not about the client's own bytes or this proxy.
constexpr proto::Status told_to_client(proto::Status refusal) {
  using proto::Status;
  const bool as_it_is = refusal == Status::too_large || refusal == Status::overloaded;
  return as_it_is ? refusal : Status::no_server;
}

}  // namespace finishline::sched
