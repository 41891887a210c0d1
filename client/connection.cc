#include "client/connection.h"

#include <algorithm>

#include "proto/looks_like.h"
#include "proto/server_vitals.h"

namespace finishline::client {
namespace {

constexpr Nanos kFirstDelay = 5ms;
constexpr unsigned kMostDoublings = 8;  // up to 1.28 s
constexpr std::uint64_t kAsk = 0;       // the id of a ping; no request has it

/// A reply with a larger body ends its connection.
std::uint32_t max_reply_body(const Expectation& expected) {
  const std::size_t bytes = std::max(expected.payload->size(), expected.reply_bytes.value_or(0));
  return std::max(proto::kDefaultMaxBody, static_cast<std::uint32_t>(bytes));
}

proto::FrameDecoder new_decoder(const Wire& wire) {
  return {proto::Direction::answers, max_reply_body(wire.expected)};
}

}  // namespace

Connection::Connection(net::Loop& loop, const Wire& wire, Owner& owner, std::uint32_t number)
    : loop_(loop),
      wire_(wire),
      owner_(owner),
      jitter_(number + 1),
      sources_(wire.route.sources, number),
      retry_(loop, [this] { open(); }),
      rest_(loop,
            [this] {
              resting_ = false;
              if (has_room()) owner_.on_room(*this);
            }),
      thoughts_(wire.seed * 1'000'003 + number),
      frames_(new_decoder(wire)) {}

void Connection::open() {
  state_ = State::connecting;
  frames_ = new_decoder(wire_);
  words_ = {};
  first_.clear();
  heard_ = false;
  stream_ = net::TcpStream::connect(loop_, wire_.route.target, *this, sources_.next());
  if (wire_.route.tls) stream_.begin_tls(tls::TlsEngine::connect(*wire_.route.tls));
}

void Connection::on_connected() {
  state_ = State::ready;
  owner_.on_room(*this);
}

void Connection::send(const Request& request) {
  if (wire_.mini) {
    send_word(request);
  } else {
    send_frame(request);
  }
}

void Connection::send_frame(const Request& request) {
  const auto body = wire_.expected.payload->body_of(request.number);
  proto::FrameHeader header;
  header.body_bytes = static_cast<std::uint32_t>(body.size());
  header.type = request.code;
  header.flags = wire_.expected.flags | proto::priority_flags(request.priority);
  header.id = open_.add(request);
  header.length = request.length;
  header.detail = wire_.deadline_ms;
  std::byte* out = stream_.prepare(proto::kHeaderBytes + body.size());
  proto::encode_header(header, out);
  std::copy(body.begin(), body.end(), out + proto::kHeaderBytes);
  stream_.commit(proto::kHeaderBytes + body.size());
}

void Connection::send_bare(const proto::FrameHeader& header) {
  std::byte bytes[proto::kHeaderBytes];
  proto::encode_header(header, bytes);
  stream_.write(bytes);
}

void Connection::send_word(const Request& request) {
  order_.push_back(open_.add(request));
  stream_.write(proto::encode_mini({request.code, static_cast<std::uint8_t>(request.length)}));
}

void Connection::on_bytes(std::span<const std::byte> bytes) {
  const Instant now = loop_.fresh_now();
  if (!heard_) keep_first(bytes);
  if (!(wire_.mini ? read_words(bytes, now) : read_frames(bytes, now))) {
    owner_.on_garbled(first_, now);
    return lose("the bytes that came are no replies");
  }
  if (unheeded_) return lose("nothing is taken back there");
  if (state_ == State::leaving && open_.size() == 0) return renew();
  if (has_room()) owner_.on_room(*this);
}

void Connection::keep_first(std::span<const std::byte> bytes) {
  const auto part = bytes.first(std::min(bytes.size(), proto::kHeaderBytes - first_.size()));
  first_.insert(first_.end(), part.begin(), part.end());
}

/// Whether what has come, less than a frame, is the beginning of something else.
bool Connection::began_otherwise() const {
  if (heard_ || first_.empty()) return false;
  const auto speech = proto::what_it_looks_like(first_).speech;
  return speech != proto::Speech::unknown &&
         speech != (wire_.mini ? proto::Speech::mini : proto::Speech::frame);
}

bool Connection::read_frames(std::span<const std::byte> bytes, Instant now) {
  using Step = proto::FrameDecoder::Step;
  return frames_.take_all(bytes, [&](const proto::Frame& frame, Step step) {
    if (step == Step::frame) on_frame(frame, now);
    return step == Step::frame;
  });
}

void Connection::on_frame(const proto::Frame& frame, Instant now) {
  const proto::FrameHeader& header = frame.header;
  heard_ = true;
  if (header.kind == proto::Kind::goaway) return leave();
  if (taking_back_ && header.kind == proto::Kind::pong) return on_pong(frame);
  const Request* request = header.kind == proto::Kind::reply ? open_.find(header.id) : nullptr;
  if (request == nullptr) return owner_.on_wrong(nullptr, Fault::unexpected, now);
  if (const auto fault = fault_in(header, frame.body, *request, wire_.expected))
    return settle(header.id, *fault, now);
  Answer answer{static_cast<proto::Status>(header.detail), header.service_us, std::nullopt};
  if (wire_.names_servers) answer.server = header.origin;
  settle(header.id, answer, now);
}

/// The answer to what take_back() has asked.
void Connection::on_pong(const proto::Frame& frame) {
  const auto vitals =
      proto::parse_vitals({reinterpret_cast<const char*>(frame.body.data()), frame.body.size()});
  unheeded_ = !vitals || !vitals->cancel;
  if (unheeded_) return;
  for (const std::uint64_t id : open_.ids()) send_bare({.kind = proto::Kind::cancel, .id = id});
}

bool Connection::read_words(std::span<const std::byte> bytes, Instant now) {
  if (began_otherwise()) return false;
  words_.feed(bytes);
  while (const auto word = words_.next()) on_word(*word, now);
  return true;
}

void Connection::on_word(proto::MiniWord word, Instant now) {
  if (order_.empty()) return owner_.on_wrong(nullptr, Fault::unexpected, now);
  const std::uint64_t id = order_.front();
  order_.pop_front();
  const Request& request = *open_.find(id);
  const auto status =
      proto::decode_mini_reply(word, {request.code, static_cast<std::uint8_t>(request.length)});
  if (status) {
    heard_ = true;
    settle(id, Answer{*status, 0, std::nullopt}, now);
  } else {
    settle(id, Fault::body, now);
  }
}

/// The one place where an open request ends with a reply.
void Connection::settle(std::uint64_t id, std::variant<Answer, Fault> outcome, Instant now) {
  const Request request = *open_.find(id);
  open_.remove(id);
  if (wire_.one_each) leave();
  if (wire_.think.any()) rest();
  if (const auto* fault = std::get_if<Fault>(&outcome)) return owner_.on_wrong(&request, *fault, now);
  const Answer& answer = std::get<Answer>(outcome);
  if (answer.status == proto::Status::ok) failures_ = 0;
  owner_.on_answer(*this, request, answer, now);
}

void Connection::rest() {
  resting_ = true;
  std::mt19937_64 chance(thoughts_ += std::uint64_t{1} << 32);
  rest_.start(wire_.think.draw(chance));
}

void Connection::leave() {
  if (state_ == State::ready) state_ = State::leaving;
}

void Connection::take_back() {
  taking_back_ = true;
  retry_.stop();
  if (open_.size() > 0 && !wire_.mini)
    send_bare({.kind = proto::Kind::ping, .id = kAsk, .length = proto::kWantsVitals});
}

void Connection::on_end(net::End end) {
  const std::string why = stream_.why(end);
  const auto fault = stream_.tls() == nullptr ? tls::TlsFault::none : stream_.tls()->fault();
  if (fault != tls::TlsFault::none) {
    owner_.on_tls_failed(fault, why);
  } else if (began_otherwise()) {
    owner_.on_garbled(first_, loop_.now());
  }
  lose(why);
}

void Connection::lose(const std::string& why) {
  const bool was_open = state_ != State::connecting;
  const bool silent = was_open && first_.empty() && open_.size() > 0;
  silent_ = silent ? silent_ + 1 : 0;
  if (silent) owner_.on_silent(silent_);
  if (unheeded_) stream_.reset();
  stream_ = {};
  state_ = State::closed;
  if (!taking_back_) wait_and_connect();
  owner_.on_lost(take_open(), was_open, why);
}

void Connection::renew() {
  stream_.finish();
  state_ = State::closed;
  if (owner_.wants_renewal()) wait_and_connect();
}

/// At once after a connection that did its work, else with a delay that doubles, and of that a random part
/// between half and all.
void Connection::wait_and_connect() {
  const unsigned failures = failures_++;
  if (failures == 0) return open();
  const Nanos longest = kFirstDelay * (1U << std::min(failures - 1, kMostDoublings));
  state_ = State::waiting;
  retry_.start(longest / 2 + Nanos{jitter_() % (longest.count() / 2)});
}

std::vector<Request> Connection::close() {
  retry_.stop();
  rest_.stop();
  if (open_.size() == 0 && (state_ == State::ready || state_ == State::leaving)) stream_.finish();
  if (open_.size() > 0) stream_.reset();
  stream_ = {};
  state_ = State::closed;
  return take_open();
}

std::vector<Request> Connection::take_open() {
  order_.clear();
  return open_.take_all();
}

}  // namespace finishline::client
