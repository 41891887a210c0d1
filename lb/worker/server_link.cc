#include "lb/worker/server_link.h"

#include <array>
#include <utility>
#include <vector>

#include "lb/ledger/scaled_server.h"
#include "lb/log/log.h"
#include "lb/worker/frame_out.h"
#include "proto/looks_like.h"
#include "proto/server_vitals.h"

namespace finishline::worker {

using ledger::ServerCell;

namespace {

constexpr std::uint64_t kAskForCancel = 1;  // id of the ping that asks; others have 0

/// A status that this version does not know is still a failure of the server.
proto::Status status_of(const proto::FrameHeader& reply) {
  return reply.detail < proto::kStatusCount ? static_cast<proto::Status>(reply.detail)
                                            : proto::Status::server_error;
}

std::string hex_of_id(Token id) {
  std::array<std::byte, sizeof id> bytes{};
  proto::detail::put_u64(bytes.data(), id);
  return proto::hex_of(bytes);
}

}  // namespace

ServerLink::ServerLink(net::Loop& loop, Dispatcher& dispatcher, ledger::WorkerMetrics& metrics,
                       std::size_t pool, Options options, std::uint64_t seed, std::function<void()> tried)
    : loop_(loop),
      dispatcher_(dispatcher),
      metrics_(metrics),
      options_(std::move(options)),
      id_(dispatcher.add_spare_link(pool, options_.server_id, *this)),
      reconnect_(loop, [this] { connect(); }),
      watch_(loop, [this] { watch(); }),
      random_(seed),
      frames_(proto::Direction::answers, options_.max_body),
      tried_(std::move(tried)),
      foreign_(options_.mini ? Expected::words_of_server : Expected::frames_of_server) {}

/// 0 while a scaled server is absent: control has not seen it answer.
std::uint16_t ServerLink::port_now() const {
  const ledger::Ledger& ledger = *options_.scaled;
  const bool there = ledger.state(options_.server_id) != ledger::ServerState::absent;
  return there ? ledger::scaled_port(ledger, options_.server_id) : 0;
}

bool ServerLink::look_at_place() {
  if (options_.scaled == nullptr || port_now() == port_) return false;
  if (state_ != State::waiting) lose("its process has ended");
  damper_ = FlapDamper();
  connect();
  return true;
}

void ServerLink::connect() {
  if (options_.scaled != nullptr) {
    port_ = port_now();
    reconnect_.stop();
    if (port_ == 0) return report_first_try();
    options_.address = options_.address.with_port(port_);
  }
  state_ = State::connecting;
  frames_ = proto::FrameDecoder(proto::Direction::answers, options_.max_body);
  frame_begun_at_.reset();
  account();
  may_read_ = true;
  words_ = {};
  stream_ = net::TcpStream::connect(loop_, options_.address, *this, options_.sources.next());
  stream_.set_high_water(options_.max_buffer);
  stream_.set_tcp_timeouts(options_.tcp_timeouts);
  if (options_.tls == nullptr) return;
  stream_.begin_tls(tls::TlsEngine::connect(*options_.tls));
  watch_.start(options_.handshake_timeout);
}

// --- the way out -----------------------------------------------------------------------------------

void ServerLink::send(Token token, const Request& request) {
  if (options_.mini) {
    stream_.write(proto::encode_mini({request.code, static_cast<std::uint8_t>(request.length)}));
  } else {
    send_frame(token, request);
  }
  if (stream_.above_high_water()) [[unlikely]]
    dispatcher_.on_link_full(id_);
}

void ServerLink::send_frame(Token token, const Request& request) {
  write_frame(stream_,
              {.kind = proto::Kind::request,
               .type = request.code,
               .flags = static_cast<std::uint8_t>(request.flags & proto::kRetryable),
               .id = token,
               .length = request.length,
               .detail = request.deadline_ms},
              request.body);
}

void ServerLink::send_header(const proto::FrameHeader& header) { write_frame(stream_, header, {}); }

/// A server that is never pinged, because it cannot answer while it works, is not asked, either.
void ServerLink::cancel(Token token) {
  if (options_.mini || options_.ping_after == 0ns || state_ != State::up || cancels_ == Cancels::no) return;
  if (cancels_ == Cancels::yes) return send_cancel(token);
  to_cancel_.push_back(token);
  if (std::exchange(cancels_, Cancels::asked) == Cancels::unknown)
    send_header({.kind = proto::Kind::ping, .id = kAskForCancel, .length = proto::kWantsVitals});
}

void ServerLink::send_cancel(Token token) {
  metrics_.add(options_.server_id, ServerCell::cancels);
  send_header({.kind = proto::Kind::cancel, .id = token});
}

/// Of pings only the one with this id wanted more than a sign of life.
void ServerLink::take_pong(const proto::Frame& pong) {
  if (pong.header.id != kAskForCancel || cancels_ != Cancels::asked) return;
  const std::string_view body(reinterpret_cast<const char*>(pong.body.data()), pong.body.size());
  const auto vitals = proto::parse_vitals(body);
  cancels_ = vitals && vitals->cancel ? Cancels::yes : Cancels::no;
  for (const Token token : std::exchange(to_cancel_, {}))
    if (cancels_ == Cancels::yes && dispatcher_.is_open(token)) send_cancel(token);
}

// --- the way back ----------------------------------------------------------------------------------

void ServerLink::on_bytes(std::span<const std::byte> bytes) {
  if (options_.mini) {
    take_words(bytes);
  } else {
    take_frames(bytes);
    note_progress(bytes.size());
    account();
  }
}

/// Of what is kept of a frame that is not whole.
void ServerLink::account() {
  const std::size_t now = frames_.kept_bytes();
  if (now != half_reply_)
    dispatcher_.add_half_reply(static_cast<std::ptrdiff_t>(now - std::exchange(half_reply_, now)));
}

/// While it is not read its server cannot show that it goes on.
void ServerLink::allow_reading(bool yes) {
  if (state_ != State::up || may_read_ == yes) return;
  may_read_ = yes;
  if (!yes) return stream_.pause_reading();
  stream_.resume_reading();
  frame_begun_at_.reset();
  note_progress(0);
}

void ServerLink::take_frames(std::span<const std::byte> bytes) {
  using Step = proto::FrameDecoder::Step;
  const bool are_frames = frames_.take_all(bytes, [this](proto::Frame& frame, Step step) {
    if (step == Step::too_large) note_large(frame);
    take_frame(frame, step == Step::too_large);
    return true;
  });
  if (are_frames) return;
  tell_foreign(frames_.unread());
  lose("the server sent bytes that are no frame");
}

/// Of one that nobody has asked for the size is least of what is wrong.
void ServerLink::note_large(proto::Frame& frame) {
  frame.header.detail = static_cast<std::uint32_t>(proto::Status::too_large);
  if (!dispatcher_.is_open(frame.header.id)) return;
  metrics_.add(ledger::WorkerCell::large_replies);
  large_replies_.tell(options_.server, options_.max_body, loop_.now());
}

/// One that is too large is the reply to work that was done.
void ServerLink::take_frame(const proto::Frame& frame, bool too_large) {
  note_heard();
  ping_open_ = false;
  frame_begun_at_.reset();  // what follows it is another
  if (frame.header.kind == proto::Kind::goaway) return dispatcher_.on_server_leaving(id_, loop_.now());
  if (frame.header.kind == proto::Kind::pong) return take_pong(frame);
  if (frame.header.kind != proto::Kind::reply) return;  // a description: no request waits for it
  const ServerReply reply{.status = status_of(frame.header),
                          .service = std::chrono::microseconds(frame.header.service_us),
                          .backlog = std::chrono::microseconds(frame.header.origin),
                          .body = frame.body,
                          .done = too_large};
  if (!dispatcher_.on_reply(id_, frame.header.id, reply, loop_.now())) {
    metrics_.add(options_.server_id, ServerCell::unasked_replies);
    tell_unasked(frame.header.id);
  }
}

void ServerLink::take_words(std::span<const std::byte> bytes) {
  words_.feed(bytes);
  while (const auto word = words_.next()) {
    const Pending* asked = dispatcher_.oldest(id_);
    if (asked == nullptr) {
      metrics_.add(options_.server_id, ServerCell::unasked_replies);
      tell_foreign(*word);
      return lose("the server sent a reply that nobody asked for");  // from here on the order proves nothing
    }
    const auto status =
        proto::decode_mini_reply(*word, {asked->code, static_cast<std::uint8_t>(asked->length)});
    if (!status) {
      tell_foreign(*word);
      return lose("the server sent a reply that does not match its request");
    }
    note_heard();
    dispatcher_.on_reply(id_, asked->token(), {.status = *status}, loop_.now());
  }
}

// --- the life of the connection --------------------------------------------------------------------

void ServerLink::on_connected() {
  state_ = State::up;
  watch_.stop();
  if (damper_.connected(loop_.now())) tell_up();
  if (!options_.mini && options_.ping_after > 0ns) watch_.start(options_.ping_after);
  dispatcher_.on_link_up(id_, loop_.now());
  report_first_try();
}

void ServerLink::on_end(net::End end) { lose(stream_.why(end)); }

/// Of a frame that is not whole yet.
void ServerLink::note_progress(std::size_t bytes) {
  if (state_ != State::up || !frames_.mid_frame()) return frame_begun_at_.reset();
  if (!frame_begun_at_) {
    frame_begun_at_ = loop_.now();
    frame_bytes_ = 0;
  }
  frame_bytes_ += bytes;
}

bool ServerLink::too_slow() {
  constexpr double kSlowest = 8 * 1024;  // bytes a second
  if (!frame_begun_at_) return false;
  const Nanos since = loop_.now() - *frame_begun_at_;
  return since >= options_.ping_after + options_.ping_timeout &&
         static_cast<double>(frame_bytes_) < kSlowest * to_seconds(since);
}

/// The server has nothing to say for as long as it works on what it was asked, but what it was asked is
/// overdue.
bool ServerLink::owes_us() const {
  return dispatcher_.in_flight_on(id_) == 0 ||
         dispatcher_.oldest_due(id_) + options_.ping_after < loop_.now();
}

void ServerLink::watch() {
  if (state_ == State::connecting) return lose("no TLS handshake in time");
  const bool heard = std::exchange(heard_, false);
  if (!may_read_) {
    ping_open_ = false;
    return watch_.start(options_.ping_after);
  }
  if (too_slow()) return lose("a reply was begun and does not go on");
  const bool comes = frame_begun_at_.has_value();  // its pong would come behind it
  if (std::exchange(ping_open_, false) && !comes) return lose("no answer to a ping");
  if (heard || comes || !owes_us()) return watch_.start(options_.ping_after);
  ping();
}

void ServerLink::ping() {
  ping_open_ = true;
  send_header({.kind = proto::Kind::ping});
  watch_.start(options_.ping_timeout);
}

void ServerLink::tell_foreign(std::span<const std::byte> bytes) {
  const auto note = foreign_.note(bytes, loop_.now());
  if (!note) return;
  log::write(log::Event::foreign_bytes, {{"link", id_},
                                         {"server", options_.server},
                                         {"address", options_.address.to_string()},
                                         {"bytes", note->hex},
                                         {"text", note->text},
                                         {"looks_like", note->looks_like},
                                         {"remedy", note->remedy}});
}

void ServerLink::tell_foreign(const proto::MiniWord& first) {
  std::vector<std::byte> bytes(first.begin(), first.end());
  bytes.insert(bytes.end(), words_.rest().begin(), words_.rest().end());
  tell_foreign(bytes);
}

void ServerLink::tell_unasked(Token id) {
  if (loop_.now() - unasked_told_at_ < ForeignSpeech::kTellAgain) return;
  unasked_told_at_ = loop_.now();
  log::write(
      log::Event::unasked_reply,
      {{"link", id_}, {"server", options_.server}, {"id", hex_of_id(id)}, {"hint", hint_at_unasked(id)}});
}

std::string_view ServerLink::hint_at_unasked(Token id) const {
  if (dispatcher_.may_be_ours(id)) return "the request was answered twice, or given up long before";
  if (dispatcher_.may_be_ours(__builtin_bswap64(id)))
    return "the id of a request with its bytes in reverse: did the server write little-endian?";
  return "no request has had this id: a reply has the id of its request, byte by byte";
}

void ServerLink::lose(const std::string& why) {
  if (frames_.mid_frame() && looks_foreign(frames_.unread())) tell_foreign(frames_.unread());
  watch_.stop();
  frames_ = proto::FrameDecoder(proto::Direction::answers, options_.max_body);
  frame_begun_at_.reset();
  account();
  ping_open_ = false;
  cancels_ = Cancels::unknown;
  to_cancel_.clear();
  const bool was_up = state_ == State::up;
  state_ = State::waiting;
  stream_ = net::TcpStream();
  if (damper_.ended(why, was_up, loop_.now())) {
    log::write(log::Event::link_down, {{"link", id_},
                                       {"server", options_.server},
                                       {"address", options_.address.to_string()},
                                       {"reason", why}});
  }
  reconnect_.start(damper_.wait(random_.unit()));
  dispatcher_.on_link_down(id_, loop_.now());
  report_first_try();
}

void ServerLink::tell_up() { log::write(log::Event::link_up, {{"link", id_}, {"server", options_.server}}); }

void ServerLink::report_first_try() {
  if (tried_) std::exchange(tried_, nullptr)();
}

}  // namespace finishline::worker
