#include "lb/worker/http_session.h"

#include <algorithm>

#include "lb/http/date.h"
#include "lb/http/passed_headers.h"
#include "lb/http/text.h"
#include "lb/worker/dispatcher.h"
#include "proto/looks_like.h"

namespace finishline::worker {

using ledger::CloseReason;
using proto::Status;

namespace {

Status status_of(const http::Objection& objection) {
  if (objection.status == 404) return Status::unknown_type;
  return objection.status == 413 ? Status::too_large : Status::bad_frame;
}

/// How long a client waits before it tries again, where it may help; 0: it does not.
Nanos retry_after(const Answer& answer) {
  switch (answer.status) {
    case Status::overloaded:
      return std::max<Nanos>(std::chrono::microseconds(answer.service_us), 1s);
    case Status::no_server:
    case Status::draining:
      return 1s;
    default:
      return 0ns;
  }
}

/// Work that was done cannot have been too much to ask for.
int http_status_of(const Answer& answer) { return answer.done ? 500 : http::http_status_of(answer.status); }

std::string_view words_of(const Answer& answer) {
  return answer.done ? "the server's reply is larger than may be\n" : http::words_of(answer.status);
}

}  // namespace

HttpSession::HttpSession(const SessionContext& context, const ListenerOptions& options, net::TcpStream stream,
                         const net::Address& peer)
    : ClientSession(context, options, std::move(stream), peer), reader_(options.max_body) {}

void HttpSession::drain() {
  draining_ = true;
  ClientSession::drain();
}

// --- requests in -----------------------------------------------------------------------------------

ClientSession::Step HttpSession::take_one() {
  if (taken_last_) {
    end_input(draining_ ? CloseReason::drained : CloseReason::client_closed);
    return Step::ended;
  }
  for (;;) {
    switch (reader_.next()) {
      case http::RequestReader::Step::head:
        if (!take_head()) return Step::ended;
        break;
      case http::RequestReader::Step::request:
        return take_request();
      case http::RequestReader::Step::need_more:
        return Step::need_more;
      case http::RequestReader::Step::bad:
        return refuse_bad();
    }
  }
}

/// False when the request was refused, and with it all that would follow: its client waits with the body, and
/// what comes next could be that body or another request.
bool HttpSession::take_head() {
  wanted_ = http::typed_request(reader_.head(), options_.http);
  if (!reader_.head().expects_continue || !reader_.head().has_body()) return true;
  const auto* const objection = std::get_if<http::Objection>(&wanted_);
  if (objection == nullptr) {
    owes_continue_ = true;
    if (order_.size() == 0) say_continue();
    return true;
  }
  refuse(open(true), *objection);
  end_input(CloseReason::body_refused);
  return false;
}

void HttpSession::say_continue() {
  owes_continue_ = false;
  write(http::kContinue);
}

ClientSession::Step HttpSession::take_request() {
  owes_continue_ = false;  // its client has not waited
  taken_last_ = draining_ || !reader_.head().keep_alive;
  const std::uint64_t position = open(taken_last_);
  if (const auto* const objection = std::get_if<http::Objection>(&wanted_)) {
    tickets().counted.asked();
    refuse(position, *objection);
  } else {
    const auto& wanted = std::get<http::TypedRequest>(wanted_);
    const auto body = reader_.body();
    const std::string headers = http::lines_for_server(reader_.head());
    submit(wanted.code, wanted.flags,
           wanted.length.value_or(http::length_of_body(body.size(), options_.http)), wanted.deadline_ms, body,
           position, headers);
  }
  return Step::asked;
}

/// Bytes of another protocol are told in the log, too, and named where people see it.
ClientSession::Step HttpSession::refuse_bad() {
  http::Objection objection = reader_.objection();
  const proto::Guess guess = proto::what_it_looks_like(reader_.unread());
  if (guess.speech != proto::Speech::http && guess.speech != proto::Speech::unknown) {
    tell_foreign(reader_.unread());
    if (guess.speech != proto::Speech::other)
      objection.words = "this looks like " + guess.words + ", not like HTTP/1.1";
  }
  refuse(open(true), objection);
  end_input(reader_.objection().status == 413 ? CloseReason::body_refused : CloseReason::bad_request);
  return Step::ended;
}

bool HttpSession::refuse_unfinished() {
  if (!mid_frame()) return false;
  refuse(open(true), {408, "the request was begun and not whole in time (header_timeout)"});
  return true;
}

std::uint64_t HttpSession::open(bool last) {
  const http::RequestHead& head = reader_.head();
  return order_.open(
      {.at = context_.loop.now(), .head_only = head.method == "HEAD", .old = head.old, .last = last});
}

void HttpSession::refuse(std::uint64_t position, const http::Objection& objection) {
  order_.request(position).status = objection.status;
  const std::string words = objection.words + '\n';
  Answer answer;
  answer.status = status_of(objection);
  answer.body = std::as_bytes(std::span(words));
  reject(position, answer);
}

/// A client that sends many requests at once may be held up by the first of them: the replies to the others
/// are kept, and more of them than it may leave unread are not asked for.
bool HttpSession::full(std::uint32_t open) const {
  return open >= options_.max_open || order_.size() >= options_.max_open ||
         held_replies_ > options_.max_buffer;
}

// --- replies out -----------------------------------------------------------------------------------

void HttpSession::encode(std::uint64_t position, const Answer& answer) {
  Asked& asked = order_.request(position);
  if (draining_ && order_.is_newest(position) && !mid_frame()) taken_last_ = asked.last = true;
  const std::string_view said = http::text_in(answer.body);
  const std::string_view body = said.empty() ? words_of(answer) : said;
  std::string reply = head_of(asked, answer, body);
  const std::string_view shown = asked.head_only ? std::string_view() : body;
  if (order_.is_next(position)) {
    write(reply);
    write(shown);
    reply.clear();
  } else {
    reply += shown;
    held_replies_ += reply.size();
  }
  order_.fill(position, std::move(reply), [this](const std::string& bytes) {
    held_replies_ -= bytes.size();
    write(bytes);
  });
  if (owes_continue_ && order_.size() == 0) say_continue();
}

std::string HttpSession::head_of(const Asked& asked, const Answer& answer, std::string_view body) const {
  const bool from_server = answer.status == Status::ok || answer.status == Status::server_error;
  return http::text_of(
      {.status = asked.status != 0 ? asked.status : http_status_of(answer),
       .word = answer.status,
       .body_bytes = body.size(),
       .content_type = from_server && !answer.body.empty() ? http::kBytesType : "text/plain; charset=utf-8",
       .headers = from_server ? answer.headers : std::string_view(),
       .date = http::date_text(std::chrono::system_clock::now()),
       .server = from_server ? server_name(answer.server) : std::string_view(),
       .service = from_server ? std::chrono::microseconds(answer.service_us) : 0us,
       .total = context_.loop.now() - asked.at,
       .retry_after = retry_after(answer),
       .last = asked.last,
       .tell_stay = asked.old});
}

std::string_view HttpSession::server_name(std::uint32_t number) const {
  const auto& members = context_.dispatcher.pool(options_.pool).members();
  const auto found = std::ranges::find_if(members, [&](const Member& it) { return it.id == number; });
  return found == members.end() ? std::string_view() : std::string_view(found->spec.name);
}

void HttpSession::write(std::string_view bytes) {
  if (bytes.empty()) return;
  stream_.write(std::as_bytes(std::span(bytes)));
  context_.metrics.add(ledger::WorkerCell::client_bytes_out, static_cast<std::int64_t>(bytes.size()));
}

}  // namespace finishline::worker
