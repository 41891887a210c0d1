#include "lb/worker/client_session.h"

#include "lb/log/log.h"
#include "lb/worker/byte_budget.h"
#include "lb/worker/dispatcher.h"
#include "lb/worker/foreign_speech.h"
#include "lb/worker/session_table.h"

namespace finishline::worker {

using ledger::CloseReason;
using ledger::WorkerCell;
using proto::Status;

ClientSession::ClientSession(const SessionContext& context, const ListenerOptions& options,
                             net::TcpStream stream, const net::Address& peer)
    : context_(context),
      options_(options),
      stream_(std::move(stream)),
      client_key_(peer.host_hash()),
      weight_(options.client_weights.empty()
                  ? 0.0F
                  : static_cast<float>(net::weight_in(options.client_weights, peer))),
      last_bytes_at_(context.loop.now()) {
  stream_.set_high_water(options.max_buffer);
  if (context.access != nullptr) address_ = std::make_unique<const std::string>(peer.to_string());
}

// --- requests in -----------------------------------------------------------------------------------

void ClientSession::on_bytes(std::span<const std::byte> bytes) {
  if (asked_) last_bytes_at_ = context_.loop.now();  // before that, what counts is how long it takes
  context_.metrics.add(WorkerCell::client_bytes_in, static_cast<std::int64_t>(bytes.size()));
  feed(bytes);
  take_requests();
  end_if_served();
  account();
}

/// The first of what is answered ends the handshake: proto::is_answered() says what is.
void ClientSession::note_asked() {
  if (asked_) return;
  asked_ = true;
  last_bytes_at_ = context_.loop.now();
}

// What has been read may be taken however much the worker holds: it has to go on for that to become less.
bool ClientSession::may_take() const {
  return !full(open_) && !stream_.above_high_water() && !context_.dispatcher.congested(options_.pool);
}

bool ClientSession::may_resume() const { return paused() && may_take(); }

void ClientSession::account() {
  if (closed()) return;
  const std::size_t input = kept_bytes();
  const std::size_t own = held_with(input);
  if (input != counted_input_) [[unlikely]]
    context_.budget.add_input(static_cast<std::ptrdiff_t>(input - std::exchange(counted_input_, input)));
  options_.memory->held += own - std::exchange(counted_, own);
  const std::size_t all = context_.budget.held();
  context_.budget.pace_reads(all);
  if (!context_.budget.may_read(all, own, *options_.memory)) [[unlikely]]
    context_.table.hold(*this, context_.loop.now());
}

void ClientSession::write_off() {
  context_.budget.add_input(-static_cast<std::ptrdiff_t>(std::exchange(counted_input_, 0)));
  options_.memory->held -= std::exchange(counted_, 0);
}

bool ClientSession::may_go_on() {
  const std::size_t own = held();
  options_.memory->held += own - std::exchange(counted_, own);
  return context_.budget.may_read(own, *options_.memory);
}

void ClientSession::take_requests() {
  Step step = Step::unasked;
  while (may_take()) {
    step = take_one();
    if (step == Step::need_more || step == Step::ended) break;
    frame_begun_at_.reset();  // it has ended; what follows is another
    if (step == Step::asked) note_asked();
  }
  if (step == Step::ended) return;
  if (step != Step::need_more) return pause();
  if (!mid_frame()) {
    frame_begun_at_.reset();
  } else if (!frame_begun_at_) {
    frame_begun_at_ = context_.loop.now();
  }
}

/// The client has done its part: from now on it is us whom a frame waits for.
void ClientSession::pause() {
  stash();
  context_.table.take_turn(*this, kept_bytes());
  input_.enter(ended() ? ClientInput::ended_paused : ClientInput::paused);
  frame_begun_at_.reset();
  stream_.pause_reading();
}

void ClientSession::resume() {
  if (closed()) return;
  if (paused()) {
    if (!may_take()) return;
    input_.enter(ended() ? ClientInput::ended : ClientInput::reading);
    take_requests();
    account();
    if (closed() || paused()) return;
    if (!ended() && !held_since()) stream_.resume_reading();
  }
  if (has_said_last()) end_input(CloseReason::drained);
  close_if_done();
}

void ClientSession::go_on() {
  if (closed()) return;
  if (input_ == ClientInput::reading) stream_.resume_reading();
  resume();
}

void ClientSession::drop(CloseReason reason) {
  if (closed()) return;
  record_end(reason);
  stream_.reset();
  context_.table.retire(*this);
}

void ClientSession::submit(char code, std::uint8_t flags, std::uint32_t length, std::uint32_t deadline_ms,
                           std::span<const std::byte> body, std::uint64_t tag, std::string_view headers) {
  tickets().counted.asked();
  const auto refuse = [&](Status status, Nanos wait = 0ns) {
    Answer answer;
    answer.status = status;
    answer.code = code;
    answer.flags = flags;
    answer.length = length;
    answer.service_us = to_wire_us(wait);
    reject(tag, answer);
  };
  if (goodbye_ == Goodbye::told && asked_) return refuse(Status::draining);
  const auto type = options_.cost->request_type_of(code);
  if (!type) return refuse(Status::unknown_type);
  if (length > options_.max_length) return refuse(Status::too_large);
  if (const Nanos wait = over_rate(); wait > 0ns) [[unlikely]]
    return refuse(Status::overloaded, wait);
  ++open_;
  context_.dispatcher.dispatch(options_.pool,
                               {.type = *type,
                                .code = code,
                                .flags = flags,
                                .length = length,
                                .deadline_ms = deadline_ms,
                                .client_key = client_key_,
                                .body = body,
                                .headers = headers},
                               {slot(), generation(), tag}, context_.loop.now());
}

void ClientSession::cancel(std::uint64_t tag) {
  if (open_ > 0) context_.dispatcher.cancel({slot(), generation(), tag}, context_.loop.now());
}

Nanos ClientSession::over_rate() {
  if (options_.admission == nullptr || !options_.admission->limits_requests()) return 0ns;
  const Nanos wait = options_.admission->take_request(tickets().source, context_.loop.now());
  if (wait > 0ns) context_.metrics.add(WorkerCell::requests_limited);
  return wait;
}

// --- answers out -----------------------------------------------------------------------------------

void ClientSession::deliver(std::uint64_t tag, const Answer& answer) {
  --open_;
  encode(tag, answer);
  stream_.expect_more(open_ > 0);  // the rest of a batch that was spread over servers
  if (was_told_to_go()) [[unlikely]]
    last_bytes_at_ = context_.loop.now();
  if (paused() || ended() || (was_told_to_go() && has_said_last())) context_.table.resume_later(*this);
}

void ClientSession::reject(std::uint64_t tag, const Answer& answer) {
  context_.metrics.rejected(answer.status);
  if (context_.access != nullptr)
    context_.access->tell_rejected(client_name(), answer.code, answer.length, answer.status,
                                   context_.loop.now());
  encode(tag, answer);
}

// --- the end ---------------------------------------------------------------------------------------

void ClientSession::on_end(net::End end) {
  if (!end.orderly()) return close(reason_of(end));
  if (open_ > 0 && !may_be_half_closed()) return drop(CloseReason::client_gone);
  end_input(mid_frame() ? CloseReason::half_frame : CloseReason::client_closed);
}

void ClientSession::end_input(CloseReason reason) {
  if (ended()) return;
  input_.enter(paused() ? ClientInput::ended_paused : ClientInput::ended);
  end_reason_ = reason;
  stream_.pause_reading();
  close_if_done();
}

void ClientSession::close_if_done() {
  if (input_ == ClientInput::ended && open_ == 0) close(end_reason_);
}

void ClientSession::close(CloseReason reason) {
  if (closed()) return;
  record_end(reason);
  stream_.finish();
  context_.table.retire(*this);
}

void ClientSession::record_end(CloseReason reason) {
  if (!asked_ && looks_foreign(unread())) tell_foreign(unread());
  input_.enter(ClientInput::closed);
  if (open_ > 0) {
    if (context_.access != nullptr) context_.table.remember(*this);
    context_.dispatcher.client_left();
  }
  context_.metrics.close(reason);
  write_off();
  log::write(log::Event::client_closed,
             {{"listener", options_.name}, {"reason", name_of(reason)}, {"open", open_}});
}

void ClientSession::tell_foreign(std::span<const std::byte> bytes) {
  if (options_.foreign == nullptr) return;
  const auto note = options_.foreign->note(bytes, context_.loop.now());
  if (!note) return;
  log::write(log::Event::foreign_bytes, {{"listener", options_.name},
                                         {"client", stream_.peer_address().to_string()},
                                         {"bytes", note->hex},
                                         {"text", note->text},
                                         {"looks_like", note->looks_like},
                                         {"remedy", note->remedy}});
}

void ClientSession::drain() {
  if (goodbye_ == Goodbye::none) goodbye_.enter(Goodbye::owed);
  if (asked_) tell_to_go();
}

void ClientSession::tell_to_go() {
  told_to_go_at_ = last_bytes_at_ = context_.loop.now();
  goodbye_.enter(say_goaway() ? Goodbye::told : Goodbye::wordless);
}

/// Its first request came while we drain.
void ClientSession::end_if_served() {
  if (goodbye_ != Goodbye::owed || !asked_ || closed()) return;
  tell_to_go();
  if (wordless()) end_input(CloseReason::drained);
}

/// Of one that is not read, which would tell.
bool ClientSession::is_gone() const {
  return stream_.broken() || (open_ > 0 && !may_be_half_closed() && !stream_.here());
}

/// What is open is still answered.
void ClientSession::give_up_unfinished(CloseReason reason) {
  if (!refuse_unfinished()) return close(reason);
  frame_begun_at_.reset();
  end_input(reason);
}

void ClientSession::check_time(Instant now) {
  if (closed()) return;
  if (!stream_.reading() && is_gone()) return drop(CloseReason::client_gone);
  account();
  if (frame_begun_at_ && options_.header_timeout > 0ns && now - *frame_begun_at_ >= options_.header_timeout) {
    return give_up_unfinished(CloseReason::header_timeout);
  }
  if (!asked_ && options_.handshake_timeout > 0ns && now - last_bytes_at_ >= options_.handshake_timeout)
    return give_up_unfinished(CloseReason::handshake_timeout);
  const bool last_is_coming = wordless() && mid_frame();  // for header_timeout at most
  if (was_told_to_go() && now - told_to_go_at_ >= kLongestGoodbye && !last_is_coming)
    return end_input(CloseReason::drained);
  if (open_ > 0 || paused() || last_is_coming) return;
  if (was_told_to_go() && now - last_bytes_at_ >= kQuietBeforeClose) return close(CloseReason::drained);
  if (goodbye_ == Goodbye::owed && now - last_bytes_at_ >= kFirstRequest) return tell_to_go();
  if (options_.idle_timeout > 0ns && now - last_bytes_at_ >= options_.idle_timeout)
    close(CloseReason::idle_timeout);
}

}  // namespace finishline::worker
