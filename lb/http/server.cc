#include "lb/http/server.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "lb/http/error_reply.h"
#include "lb/http/framing.h"
#include "lb/http/text.h"
#include "lb/log/log.h"
#include "lb/tls/server_context.h"

namespace finishline::http {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

/// One client. Between requests it waits for the next; with its last reply it is done, or follows a stream.
class HttpServer::Connection : public net::StreamEvents, private EventStream::Follower {
 public:
  enum class State : std::uint8_t { receiving, idle, waiting, replied, following, finished };

  Connection(HttpServer& server, net::TcpStream stream, const net::Address& peer, Instant now)
      : server_(server),
        stream_(std::move(stream)),
        peer_(peer.is_unix() ? std::string(kUnixPeer) : peer.host_text()),
        since_(now) {
    if (server.tls_ != nullptr) stream_.begin_tls(tls::TlsEngine::accept(*server.tls_));
    stream_.start(*this);
  }
  ~Connection() {
    if (events_ != nullptr) events_->leave(*this);
    if (later_) later_->take({});
  }

  State state() const { return state_; }
  /// When it came to its state.
  Instant since() const { return since_; }
  /// Of a request that is not whole.
  std::size_t held() const { return request_.size(); }
  /// Whether a reply has not been read.
  bool unread() const { return stream_.buffered() != 0; }
  /// That it is let go, and why.
  void count(Refused reason) const { server_.router_.refusals().count(reason, peer_, server_.loop_.now()); }
  void beat() { on_event(": still here\n\n"); }
  /// Why it is let go when its time is up; nothing when nobody did anything wrong.
  std::optional<Refused> fault() const {
    if (unread()) return Refused::slow_reader;
    if (state_ == State::receiving) return request_.empty() ? Refused::silent : Refused::slow_request;
    return state_ == State::waiting ? std::optional(Refused::no_reply) : std::nullopt;
  }

 private:
  void enter(State state) {
    state_ = state;
    since_ = server_.loop_.now();
  }

  void on_bytes(std::span<const std::byte> bytes) override {
    if (state_ != State::receiving && state_ != State::idle && state_ != State::waiting)
      return;  // read and thrown away, so that no reset
               // overtakes the reply
    if (state_ == State::waiting && request_.size() + bytes.size() > server_.limits_.request_bytes)
      return drop_for(Refused::large_head);  // it sends on and on before it has its reply
    if (state_ == State::idle) enter(State::receiving);
    request_ += text_in(bytes);
    take_requests();
  }

  /// Who does not read its replies is not read.
  void take_requests() {
    while (state_ == State::receiving && !stream_.above_high_water() && take_request()) {
    }
    if (stream_ && stream_.above_high_water()) stream_.pause_reading();
  }

  void on_drained() override {
    stream_.resume_reading();
    if (!request_.empty()) take_requests();
  }

  void on_end(net::End) override {
    const tls::TlsEngine* const engine = stream_.tls();
    if (engine != nullptr && engine->fault() != tls::TlsFault::none) return drop_for(Refused::tls);
    enter(State::finished);
  }

  /// Answers the first request if it is whole.
  bool take_request() {
    const auto framing = framing_of(request_, HttpRouter::kMostBody);
    if (!framing && request_.size() >= server_.limits_.request_bytes) return refuse(431);
    if (!framing) return false;
    if (framing->refusal != 0) return refuse(framing->refusal);
    if (request_.size() < framing->size()) return ask_for_body(*framing);
    answer(framing->size());
    return true;
  }

  bool ask_for_body(const Framing& framing) {
    if (framing.expects && !asked_for_body_) stream_.write(bytes_of("HTTP/1.1 100 Continue\r\n\r\n"));
    asked_for_body_ = framing.expects;
    return false;
  }

  bool refuse(int status) { return refuse(status, reason_for(status)); }
  bool refuse(int status, Refused reason) {
    count(reason);
    stream_.write(bytes_of(HttpRouter::refusal(status)));
    return say_no_more();
  }

  void drop_for(Refused reason) {
    count(reason);
    enter(State::finished);
  }

  bool say_no_more() {
    stream_.shutdown();
    request_ = {};
    enter(State::replied);
    return false;
  }

  void answer(std::size_t size) {
    HttpRouter::Answer answer = server_.router_.answer(std::string_view(request_).substr(0, size), peer_);
    request_.erase(0, size);
    asked_for_body_ = false;
    if (answer.stream != nullptr && server_.streams_.size() >= server_.limits_.streams) {
      refuse(503, Refused::too_many_streams);
      return;
    }
    if (answer.refused) count(*answer.refused);
    if (answer.later) return wait_for(std::move(answer.later), answer.last, answer.in_words);
    stream_.write(bytes_of(answer.bytes));
    if (answer.stream != nullptr) return follow(*answer.stream, answer.last_seen);
    go_on(answer.last);
  }

  /// After a reply.
  void go_on(bool last) {
    if (last || server_.finished_) {
      say_no_more();
      return;
    }
    enter(request_.empty() ? State::idle : State::receiving);
  }

  /// Further requests stay where they are until the reply is there.
  void wait_for(std::shared_ptr<LaterReply> later, bool last, bool as_text) {
    later_ = std::move(later);
    enter(State::waiting);
    later_->take([this, last, as_text](HttpReply reply) {
      if (state_ != State::waiting) return;
      const auto done = std::move(later_);  // it is in here
      if (as_text) reply = in_words(std::move(reply));
      stream_.write(bytes_of(HttpRouter::bytes_of(reply, last || server_.finished_)));
      go_on(last);
      if (state_ == State::receiving) take_requests();
    });
  }

  void follow(EventStream& events, std::string_view last_seen) {
    request_ = {};
    enter(State::following);
    events_ = &events;
    events.join(*this, last_seen);
  }

  /// One event may be larger than what may lie unread.
  void on_event(std::string_view text) override {
    if (state_ != State::following) return;
    if (stream_.buffered() > server_.limits_.unread_events) return drop_for(Refused::slow_reader);
    const std::size_t taken = stream_.write_now(bytes_of(text));
    if (taken < text.size()) stream_.write(bytes_of(text.substr(taken)));
  }

  HttpServer& server_;
  net::TcpStream stream_;
  std::string peer_;
  State state_ = State::receiving;
  Instant since_;
  std::string request_;
  bool asked_for_body_ = false;
  EventStream* events_ = nullptr;
  std::shared_ptr<LaterReply> later_;
};

HttpServer::HttpServer(net::Loop& loop, int fd, HttpRouter& router, const Limits& limits)
    : loop_(loop),
      router_(router),
      limits_(limits),
      age_check_(loop,
                 [this] {
                   drop_aged();
                   drop_unread();
                 }),
      heartbeat_(loop, [this] { beat_streams(); }),
      listener_(net::TcpListener(loop, fd, *this)) {
  loop_.on_turn_end([this] { sort_out(); });
  const Nanos often = std::min(limits_.head_age, limits_.age) / 8;
  age_check_.start(often, often);
  heartbeat_.start(limits_.heartbeat, limits_.heartbeat);
}

HttpServer::~HttpServer() { loop_.on_turn_end({}); }

void HttpServer::on_accept(net::TcpStream stream, const net::Address& peer) {
  make_room();
  connections_.push_back(std::make_unique<Connection>(*this, std::move(stream), peer, loop_.now()));
}

void HttpServer::on_accept_error(int error) {
  log::write(log::Event::accept_failed, {{"listener", "admin"}, {"reason", std::strerror(error)}});
}

void HttpServer::finish(std::function<void()> done) {
  listener_.reset();
  finished_ = std::move(done);
  streams_.clear();
  std::erase_if(connections_, [](const auto& it) { return it->state() == Connection::State::idle; });
}

/// After the turn: who is finished is let go, who follows a stream now stands with those.
void HttpServer::sort_out() {
  const auto followers = std::stable_partition(connections_.begin(), connections_.end(), [](const auto& it) {
    return it->state() != Connection::State::following;
  });
  std::move(followers, connections_.end(), std::back_inserter(streams_));
  connections_.erase(followers, connections_.end());
  for (Connections* all : {&connections_, &streams_})
    std::erase_if(*all, [](const auto& it) { return it->state() == Connection::State::finished; });
  drop_largest_body();
  if (finished_) streams_.clear();
  if (finished_ && connections_.empty()) std::exchange(finished_, nullptr)();
}

void HttpServer::make_room() {
  if (connections_.size() < limits_.connections) return;
  const auto waits = std::ranges::find_if(connections_, [](const auto& it) {
    return it->state() == Connection::State::receiving || it->state() == Connection::State::idle;
  });
  const auto goes = waits == connections_.end() ? connections_.begin() : waits;
  (*goes)->count(Refused::crowded);
  connections_.erase(goes);
}

void HttpServer::drop_aged() {
  const Instant now = loop_.now();
  std::erase_if(connections_, [&](const auto& it) {
    const bool aged = now - it->since() > most_age(*it);
    if (const auto reason = aged ? it->fault() : std::nullopt) it->count(*reason);
    return aged;
  });
}

/// In its state.
Nanos HttpServer::most_age(const Connection& of) const {
  switch (of.state()) {
    case Connection::State::receiving:
      return limits_.head_age;
    case Connection::State::idle:
      return of.unread() ? limits_.age : limits_.idle_age;
    case Connection::State::waiting:
      return limits_.reply_age;
    case Connection::State::replied:
      return limits_.age;
    default:
      return Nanos::max();
  }
}

void HttpServer::drop_unread() {
  while (loop_.buffered_bytes() > limits_.unread_bytes) {
    const auto oldest = std::ranges::find_if(
        connections_, [](const auto& it) { return it->state() != Connection::State::receiving; });
    if (oldest == connections_.end()) return;
    (*oldest)->count(Refused::slow_reader);
    connections_.erase(oldest);
  }
}

void HttpServer::drop_largest_body() {
  std::size_t held = 0;
  for (const auto& it : connections_) held += it->held();
  while (held > limits_.bodies_bytes) {
    const auto largest =
        std::ranges::max_element(connections_, {}, [](const auto& it) { return it->held(); });
    held -= (*largest)->held();
    (*largest)->count(Refused::large_body);
    connections_.erase(largest);
  }
}

void HttpServer::beat_streams() {
  for (const auto& it : streams_) it->beat();
}

}  // namespace finishline::http
