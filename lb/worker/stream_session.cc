#include "lb/worker/stream_session.h"

#include <algorithm>
#include <utility>

#include "lb/log/log.h"
#include "lb/worker/server_proxy_header.h"
#include "lb/worker/session_table.h"

namespace finishline::worker {

using config::LoadBy;
using ledger::CloseReason;
using ledger::ServerCell;
using ledger::WorkerCell;

namespace {

/// How often it is looked whether the other side has all that is to come before a reset.
constexpr Nanos kFirstLook = 1ms;
constexpr Nanos kLook = 5ms;
/// Before servers are tried again, and no longer than connect_timeout.
constexpr Nanos kPause = 1s;

}  // namespace

StreamSession::StreamSession(const SessionContext& context, const ListenerOptions& options,
                             net::TcpStream client, const net::Address& peer, const proto::ProxyHeader* told,
                             std::string said)
    : context_(context),
      options_(options),
      peer_(peer),
      job_{.load = options.load, .key = peer.host_hash()},
      asked_at_(context.loop.now()),
      client_(*this, server_),
      server_(*this, client_),
      last_moved_at_(asked_at_),
      told_(told != nullptr ? std::make_unique<const proto::ProxyHeader>(*told) : nullptr),
      said_(std::move(said)),
      meter_(last_moved_at_) {
  client_.take(std::move(client));
}

// --- to a server -----------------------------------------------------------------------------------

void StreamSession::request_place() {
  state_ = State::waiting;
  options_.streams->request_place(*this, asked_at_, context_.loop.now());
}

void StreamSession::on_waiting(WaitingTicket ticket) {
  ticket_ = ticket;
  client_.watch();
}

void StreamSession::on_place(const Placement& place) {
  ticket_.reset();
  place_ = place;
  holds_place_ = true;
  state_ = State::connecting;
  last_moved_at_ = context_.loop.now();
  connect_to(options_.streams->server(place));
}

/// What tells the server whose connection it is goes before TLS.
void StreamSession::connect_to(StreamPool::Server& server) {
  tcp_timeouts_ = server.tcp_timeouts;
  preface_.clear();
  if (server.send_proxy != config::SendProxy::off)
    preface_ = proxy_header_for(server.send_proxy, told_.get(), peer_, client_.local_address());
  server_.connect(context_.loop, server.address, server.sources.next());
  if (server.tls == nullptr) return;
  server_.begin_tls(tls::TlsEngine::connect(*server.tls), std::as_bytes(std::span(preface_)));
  preface_.clear();
}

void StreamSession::on_refused(CloseReason reason) {
  ticket_.reset();
  if (reason == CloseReason::no_server && !tried_.empty()) return pause();
  close(reason);
}

/// Until all servers are tried again.
void StreamSession::pause() {
  tried_.clear();
  job_.tried = {};
  client_.watch();
  timer_ = std::make_unique<net::Timer>(context_.loop, [this] { request_place(); });
  timer_->start(std::min(kPause, options_.streams->options().connect_timeout));
}

void StreamSession::on_connected() {
  const Instant now = context_.loop.now();
  StreamPool& pool = *options_.streams;
  pool.count_connected(*place_, now - last_moved_at_, now);
  state_ = State::open;
  last_moved_at_ = now;
  open_since_ = now;
  if (log::enabled(log::Level::debug)) {
    log::write(
        log::Event::stream_opened,
        {{"listener", options_.name}, {"client", peer_.to_string()}, {"server", pool.server_name(*place_)}});
  }
  server_.write_first(std::as_bytes(std::span(preface_)));
  if (!said_.empty()) {
    server_.write_first(std::as_bytes(std::span(said_)));
    on_moved(client_, said_.size(), BulkWay::copy);
    said_ = {};
  }
  for (RelayEnd* end : {&client_, &server_}) end->use(pool.mover(), pool.options().bulk);
  client_.start();
}

void StreamSession::connect_failed(const std::string& why) {
  StreamPool& pool = *options_.streams;
  if (pool.count_connect_failure(*place_, context_.loop.now())) {
    log::write(
        log::Event::connect_failed,
        {{"server", pool.server_name(*place_)}, {"address", pool.address_of(*place_)}, {"reason", why}});
  }
  server_.close();
  tried_.push_back(place_->reservation.server);
  job_.tried = tried_;
  state_ = State::waiting;
  leave_place();
  if (++attempts_ >= pool.options().max_attempts) return close(CloseReason::no_server);
  context_.metrics.add(WorkerCell::connect_retries);
  request_place();
}

// --- bytes -----------------------------------------------------------------------------------------

void StreamSession::on_moved(RelayEnd& from, std::size_t bytes, BulkWay way) {
  const auto n = static_cast<std::int64_t>(bytes);
  const bool from_client = &from == &client_;
  const ledger::ServerId server = place_->reservation.server;
  last_moved_at_ = context_.loop.now();
  if (context_.budget.scarce()) [[unlikely]]
    context_.table.hold(*this, last_moved_at_);
  context_.metrics.add(from_client ? WorkerCell::client_bytes_in : WorkerCell::client_bytes_out, n);
  tickets().counted.moved(from_client, n);
  (from_client ? bytes_in_ : bytes_out_) += n;
  if (way == BulkWay::splice) context_.metrics.add(WorkerCell::bytes_spliced, n);
  context_.metrics.add(server, from_client ? ServerCell::stream_bytes_in : ServerCell::stream_bytes_out, n);
  switch (options_.streams->options().load_by) {
    case LoadBy::connection:
      return;
    case LoadBy::bytes:
      return meter_.count_bytes(bytes);
    case LoadBy::time:
      return from_client ? meter_.asked(last_moved_at_) : meter_.answered(last_moved_at_);
  }
}

/// Of both ends: what a server sends lies here, too, until the client takes it.
void StreamSession::allow_reading(bool yes) {
  if (state_ == State::closed || state_ == State::delivering) return;
  client_.allow_reading(yes);
  server_.allow_reading(yes);
}

/// Five calls of the kernel that a connection which is soon over does without.
void StreamSession::watch_over_server() {
  if (tcp_timeouts_) server_.set_tcp_timeouts(*tcp_timeouts_);
  tcp_timeouts_.reset();
}

/// What it sent is still to be delivered, but it takes no place at the server any more.
void StreamSession::watch_over_unread() {
  if (broken_unread_) return;
  const bool server = server_.broken_unread();
  broken_unread_ = server || client_.broken_unread();
  if (broken_unread_) last_moved_at_ = context_.loop.now();
  if (server) leave_place();
}

void StreamSession::measure_load(Instant now) {
  if (!holds_place_) return;
  StreamPool& pool = *options_.streams;
  std::optional<double> share;
  if (pool.options().load_by == LoadBy::bytes) share = meter_.share_by_bytes(now, pool.options().load_rate);
  if (pool.options().load_by == LoadBy::time) share = meter_.share_by_time(now);
  if (share) pool.weigh(*place_, options_.load * *share);
}

// --- the end ---------------------------------------------------------------------------------------

void StreamSession::on_half_closed(RelayEnd& /*from*/) {
  if (state_ != State::open) return;
  last_moved_at_ = context_.loop.now();
  const bool all_passed_on = client_.buffered() == 0 && server_.buffered() == 0;
  if (client_.ended() && server_.ended() && all_passed_on) close(CloseReason::finished);
}

void StreamSession::on_broken(RelayEnd& from, net::End end) {
  const bool from_client = &from == &client_;
  const CloseReason reason = from_client ? reason_of(end) : CloseReason::server_gone;
  switch (state_) {
    case State::waiting:
      return close(CloseReason::left_waiting);
    case State::connecting:
      return from_client ? close(CloseReason::left_waiting) : connect_failed(server_.why(end));
    case State::open:
      from.close();
      return deliver_rest(from_client ? server_ : client_, reason);
    case State::delivering:  // now this one, too
      return close(reason);
    case State::closed:
      return;
  }
}

/// One end is no more; `last` is to have all that came from it, and then to hear of it.
void StreamSession::deliver_rest(RelayEnd& last, CloseReason reason) {
  state_ = State::delivering;
  why_broken_ = reason;
  last.allow_reading(false);
  if (&last == &client_) leave_place();  // its connection is no more
  unconfirmed_ = last.unconfirmed();
  if (unconfirmed_ == 0) return close(reason);
  last_moved_at_ = context_.loop.now();
  timer_ = std::make_unique<net::Timer>(context_.loop, [this] { follow_delivery(); });
  timer_->start(kFirstLook, kLook);
}

/// No event tells when the other side's kernel has all of it.
void StreamSession::follow_delivery() {
  const std::size_t before = std::exchange(unconfirmed_, client_.unconfirmed() + server_.unconfirmed());
  if (unconfirmed_ == 0) return close(why_broken_);
  if (unconfirmed_ < before) last_moved_at_ = context_.loop.now();
}

void StreamSession::check_time(Instant now) {
  if (state_ == State::open) {
    watch_over_server();
    watch_over_unread();
    measure_load(now);
  }
  if (state_ == State::connecting) client_.watch();  // by now it takes long
  if ((state_ == State::connecting || state_ == State::waiting) && !here())
    return close(CloseReason::left_waiting);
  const Nanos most = patience();
  if (most <= 0ns || now - last_moved_at_ < most) return;
  if (state_ == State::connecting) return connect_failed("no answer in time");
  close(half_closed() ? CloseReason::half_closed_timeout : CloseReason::idle_timeout);
}

/// One side will say no more.
bool StreamSession::half_closed() const {
  return state_ == State::delivering || broken_unread_ || client_.ended() || server_.ended();
}

/// How long nothing may happen in this state; 0: for ever. Who waits is the pool's to watch.
Nanos StreamSession::patience() const {
  if (state_ == State::connecting) return options_.streams->options().connect_timeout;
  if (state_ == State::waiting || state_ == State::closed) return 0ns;
  if (!half_closed()) return options_.idle_timeout;
  const bool broken = state_ == State::delivering || broken_unread_;
  return broken && options_.half_closed_timeout == 0ns ? options_.idle_timeout : options_.half_closed_timeout;
}

void StreamSession::leave_place() {
  if (ticket_) options_.streams->give_up(*std::exchange(ticket_, std::nullopt));
  if (std::exchange(holds_place_, false)) options_.streams->leave(*place_, context_.loop.now());
}

void StreamSession::tell_access_log(CloseReason reason, Instant now) {
  const StreamPool& pool = *options_.streams;
  context_.access->tell_stream({.pool = pool.options().name,
                                .server = open_since_ ? pool.server_name(*place_) : "",
                                .ended = reason,
                                .waiting = open_since_.value_or(now) - asked_at_,
                                .total = now - asked_at_,
                                .bytes_in = bytes_in_,
                                .bytes_out = bytes_out_,
                                .attempts = attempts_ + (holds_place_ || open_since_ ? 1U : 0U)},
                               {options_.name, peer_.to_string()}, now);
}

void StreamSession::close(CloseReason reason) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  timer_.reset();
  context_.metrics.close(reason);
  const Instant now = context_.loop.now();
  options_.streams->count_ended(now - asked_at_);
  if (context_.access != nullptr) tell_access_log(reason, now);
  if (log::enabled(log::Level::debug)) {
    log::write(log::Event::stream_closed, {{"listener", options_.name},
                                           {"client", peer_.to_string()},
                                           {"server", place_ ? options_.streams->server_name(*place_) : ""},
                                           {"reason", name_of(reason)}});
  }
  leave_place();
  if (reason == CloseReason::client_gone || reason == CloseReason::client_silent) server_.reset();
  if (reason == CloseReason::server_gone) client_.reset();
  client_.close();
  server_.close();
  context_.table.retire(*this);
}

}  // namespace finishline::worker
