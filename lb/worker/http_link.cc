#include "lb/worker/http_link.h"

#include <algorithm>
#include <utility>

#include "lb/http/passed_headers.h"
#include "lb/http/text.h"
#include "lb/log/log.h"

namespace finishline::worker {

using ledger::ServerCell;
using proto::Status;
using State = HttpConnection::State;

namespace {

/// What has not been begun goes elsewhere; any other failure is the answer, with what the server says.
Status status_of(int http) {
  if (http >= 200 && http < 300) return Status::ok;
  if (http == 413) return Status::too_large;
  return http == 429 || http == 503 ? Status::overloaded : Status::server_error;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

}  // namespace

HttpLink::HttpLink(net::Loop& loop, Dispatcher& dispatcher, ledger::WorkerMetrics& metrics, std::size_t pool,
                   Options options, std::uint64_t seed, std::function<void()> tried)
    : loop_(loop),
      dispatcher_(dispatcher),
      metrics_(metrics),
      options_(std::move(options)),
      id_(dispatcher.add_spare_link(pool, options_.server_id, *this)),
      leases_(*options_.ledger, options_.worker, options_.server_id, options_.slots),
      place_(options_.scaled ? options_.ledger : nullptr, options_.server_id),
      reconnect_(loop, [this] { connect(); }),
      watch_(loop, [this] { watch(); }),
      cancelling_(loop, [this] { cancel_all(); }),
      ask_again_(loop, [this] { serve(); }),
      random_(seed),
      tried_(std::move(tried)) {
  for (std::uint32_t n = 0; n < options_.slots; ++n)
    connections_.push_back(
        std::make_unique<HttpConnection>(loop, static_cast<Owner&>(*this), options_.max_body));
}

HttpLink::~HttpLink() { dispatcher_.add_half_reply(-static_cast<std::ptrdiff_t>(counted_)); }

void HttpLink::connect() {
  if (options_.scaled) {
    reconnect_.stop();
    const std::uint16_t port = place_.take();
    if (port == 0) return report_first_try();
    options_.address = options_.address.with_port(port);
    options_.host = options_.address.to_string();
  }
  probe_ = connections_.front().get();
  open(*probe_);
}

void HttpLink::open(HttpConnection& connection) {
  connection.open({options_.address, options_.sources.next(), options_.tcp_timeouts, options_.tls,
                   options_.connect_timeout});
}

HttpConnection* HttpLink::first(State state) const {
  const auto found = std::ranges::find_if(connections_, [&](const auto& it) { return it->state() == state; });
  return found == connections_.end() ? nullptr : found->get();
}

std::size_t HttpLink::count(State state) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(connections_, [&](const auto& it) { return it->state() == state; }));
}

// --- the way out -----------------------------------------------------------------------------------

void HttpLink::send(Token token, const Request& request) {
  std::string head = head_of(token, request);
  HttpConnection* const idle = waiting_.empty() ? first(State::idle) : nullptr;
  if (idle != nullptr) return idle->start(token, head, http::text_in(request.body));
  waiting_.push_back({token, std::move(head), std::string(http::text_in(request.body))});
  waiting_bytes_ += waiting_.back().size();
  serve();
}

std::string HttpLink::head_of(Token token, const Request& request) const {
  const std::string& type = options_.cost->request_types()[request.type].name;
  std::string head = "POST " + target_of(token, request) + " HTTP/1.1\r\nHost: " + options_.host +
                     "\r\nContent-Length: " + std::to_string(request.body.size()) +
                     "\r\nFinishline-Type: " + type +
                     "\r\nFinishline-Length: " + std::to_string(request.length) +
                     "\r\nFinishline-Id: " + std::to_string(token) + "\r\n";
  if (request.deadline_ms > 0)
    head += "Finishline-Deadline: " + std::to_string(request.deadline_ms) + "ms\r\n";
  head += request.headers;
  if (request.headers.empty()) http::add_line(head, "Content-Type", http::kBytesType);
  return head += "\r\n";
}

std::string HttpLink::target_of(Token token, const Request& request) const {
  std::string target = options_.path;
  replace_all(target, "{type}", options_.cost->request_types()[request.type].name);
  replace_all(target, "{length}", std::to_string(request.length));
  replace_all(target, "{id}", std::to_string(token));
  return target;
}

/// HTTP/1.1 has no other word for it than the end of the connection. The dispatcher is in the middle of
/// something: what it is told comes later.
void HttpLink::cancel(Token token) {
  cancelled_.push_back(token);
  if (!cancelling_.active()) cancelling_.start(0ns);
}

void HttpLink::cancel_all() {
  for (const Token token : std::exchange(cancelled_, {}))
    if (dispatcher_.is_open(token)) withdraw(token);
  serve();
}

/// Its booking ends here.
void HttpLink::withdraw(Token token) {
  Nanos worked{};
  const auto busy = std::ranges::find_if(
      connections_, [&](const auto& it) { return it->state() == State::busy && it->token() == token; });
  if (busy != connections_.end()) {
    worked = loop_.now() - (*busy)->since();
    (*busy)->close();
  } else if (!forget(token)) {
    return;
  }
  metrics_.add(options_.server_id, ServerCell::cancels);
  dispatcher_.on_reply(id_, token, {.status = Status::cancelled, .service = worked}, loop_.now());
}

/// One that waits; false when there is none.
bool HttpLink::forget(Token token) {
  const auto waits = std::ranges::find(waiting_, token, &Waiting::token);
  if (waits == waiting_.end()) return false;
  waiting_bytes_ -= waits->size();
  waiting_.erase(waits);
  return true;
}

std::optional<Token> HttpLink::unsent() const {
  return waiting_.empty() ? std::nullopt : std::optional(waiting_.back().token);
}

/// The dispatcher is in the middle of something: what this makes room for comes later.
void HttpLink::take_back(Token token) {
  if (forget(token) && !cancelling_.active()) cancelling_.start(0ns);
}

// --- connections, of those that all workers may have -------------------------------------------------

/// The worker has been called: another may want a connection, or have parted with one, or a scaled server has
/// come or gone.
bool HttpLink::look_at_place() {
  if (!place_.moved()) {
    serve();
    return false;
  }
  backoff_.reset();
  if (count(State::closed) < connections_.size()) lose("its process has ended");
  connect();
  return true;
}

/// It is kept where there is room for it.
void HttpLink::keep_or_close_probe() {
  if (probe_ == nullptr || probe_->state() == State::connecting) return;
  if (probe_->state() == State::idle && !leases_.acquire()) probe_->close();
  probe_ = nullptr;
}

/// Those of connections that are closed.
void HttpLink::give_back() {
  const auto open = std::ranges::count_if(
      connections_, [this](const auto& it) { return it->state() != State::closed && it.get() != probe_; });
  if (static_cast<std::uint32_t>(open) >= leases_.held()) return;
  leases_.shrink_to(static_cast<std::uint32_t>(open));
  call(leases_.wanting());
}

void HttpLink::give_way() {
  for (const auto& other : leases_.wanting()) {
    HttpConnection* const idle = first(State::idle);
    if (idle == nullptr || idle == probe_) break;
    const bool has_more = other.held == 0 || leases_.held() > other.held + 1;
    const bool had_its_turn = has_more && loop_.now() - idle->opened_at() >= kTurn;
    if (!waiting_.empty() && !had_its_turn) break;
    idle->close();
    may_take_at_ = loop_.now() + kAskAgain;
  }
  give_back();
}

void HttpLink::open_more() {
  while (up_ && count(State::connecting) < waiting_.size()) {
    HttpConnection* const closed = first(State::closed);
    if (closed == nullptr) break;
    const bool asked = leases_.wants();
    if (loop_.now() < may_take_at_ || !leases_.acquire()) return wait_for_slot(asked);
    open(*closed);
  }
  leases_.want_none();
  ask_again_.stop();
}

/// Who has one and nothing to send parts with it when it is called.
void HttpLink::wait_for_slot(bool asked) {
  if (!asked) call(leases_.holding());
  if (!ask_again_.active()) ask_again_.start(kAskAgain);
}

void HttpLink::call(const std::vector<ledger::SlotLeases::Other>& workers) {
  if (options_.caller == nullptr) return;
  for (const auto& it : workers) options_.caller->call(it.worker);
}

// --- requests ----------------------------------------------------------------------------------------

/// What waits goes to connections that are idle; for the rest others are opened, as many as there may be.
void HttpLink::serve() {
  if (losing_) return;
  give_back();
  give_way();
  while (!waiting_.empty()) {
    HttpConnection* const idle = first(State::idle);
    if (idle == nullptr) break;
    start_next(*idle);
  }
  open_more();
  account();
}

void HttpLink::start_next(HttpConnection& connection) {
  const Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= next.size();
  connection.start(next.token, next.head, next.body);
}

/// Tells the dispatcher what is held here, and whether it should give more.
void HttpLink::account() {
  std::size_t held = waiting_bytes_;
  for (const auto& it : connections_) held += it->kept_bytes();
  dispatcher_.add_half_reply(static_cast<std::ptrdiff_t>(held) - static_cast<std::ptrdiff_t>(counted_));
  counted_ = held;
  const bool full = waiting_bytes_ > (full_ ? 0 : options_.max_buffer);
  if (std::exchange(full_, full) == full) return;
  if (full)
    dispatcher_.on_link_full(id_);
  else
    dispatcher_.on_link_drained(id_, loop_.now());
}

// --- the way back ----------------------------------------------------------------------------------

std::size_t HttpLink::half_reply() const {
  std::size_t bytes = 0;
  for (const auto& it : connections_) bytes += it->kept_bytes();
  return bytes;
}

void HttpLink::allow_reading(bool yes) {
  for (const auto& it : connections_) it->allow_reading(yes);
}

void HttpLink::on_reply(Token token, const http::ReplyReader& reply, Nanos took) {
  const Status status = status_of(reply.status());
  const auto body = std::as_bytes(std::span(reply.body()));
  const Nanos service = status == Status::overloaded ? reply.retry_after() : took;
  dispatcher_.on_reply(id_, token,
                       {.status = status, .service = service, .body = body, .headers = reply.headers()},
                       loop_.now());
}

void HttpLink::on_lost(Token token, const std::string& why) {
  metrics_.add(options_.server_id, ServerCell::link_failures);
  complain(why);
  dispatcher_.on_reply(id_, token, {.status = Status::server_lost}, loop_.now());
  serve();
}

/// Its work was done.
void HttpLink::on_too_large(Token token) {
  metrics_.add(ledger::WorkerCell::large_replies);
  large_replies_.tell(options_.server, options_.max_body, loop_.now());
  dispatcher_.on_reply(id_, token, {.status = Status::too_large, .done = true}, loop_.now());
  serve();
}

// --- the life of the link ----------------------------------------------------------------------------

void HttpLink::on_open() {
  backoff_.reset();
  keep_or_close_probe();
  if (!watch_.active()) watch_.start(kWatch);
  if (!up_) {
    up_ = true;
    last_complaint_.clear();
    log::write(log::Event::link_up, {{"link", id_}, {"server", options_.server}});
    dispatcher_.on_link_up(id_, loop_.now());
    report_first_try();
  }
  serve();
}

void HttpLink::on_failed(const std::string& why) {
  if (!up_ || count(State::idle) + count(State::busy) == 0) return lose(why);
  give_back();
  complain(why);
}

void HttpLink::watch() {
  for (const auto& it : connections_)
    if (it->state() == State::idle && loop_.now() - it->since() >= kIdle) it->close();
  serve();
  if (count(State::closed) < connections_.size()) watch_.start(kWatch);
}

/// What has not been sent goes to others; what has been is lost.
void HttpLink::lose(const std::string& why) {
  losing_ = true;
  for (const auto& it : connections_) it->close();
  probe_ = nullptr;
  leases_.want_none();
  ask_again_.stop();
  give_back();
  std::vector<Token> unsent;
  for (const Waiting& it : std::exchange(waiting_, {})) unsent.push_back(it.token);
  waiting_bytes_ = 0;
  const bool was_up = std::exchange(up_, false);
  if (was_up) last_complaint_.clear();
  complain(why);
  dispatcher_.on_link_down(id_, loop_.now(), unsent);
  losing_ = full_ = false;
  account();
  reconnect_.start(backoff_.next(random_.unit()));
  report_first_try();
}

/// A server that stays away is told of once, not at every attempt.
void HttpLink::complain(const std::string& why) {
  if (std::exchange(last_complaint_, why) == why) return;
  log::write(log::Event::link_down, {{"link", id_},
                                     {"server", options_.server},
                                     {"address", options_.address.to_string()},
                                     {"reason", why}});
}

void HttpLink::report_first_try() {
  if (tried_) std::exchange(tried_, nullptr)();
}

}  // namespace finishline::worker
