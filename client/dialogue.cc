#include "client/dialogue.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proto/looks_like.h"
#include "proto/quantity.h"

namespace finishline::client {
namespace {

constexpr std::uint32_t kLargestBody = 64U << 20;

}  // namespace

Dialogue::Dialogue(net::Loop& loop, const Route& route, Nanos patience, Speech speech)
    : loop_(loop),
      patience_(patience),
      timer_(loop,
             [this] {
               timed_out_ = true;
               loop_.stop();
             }),
      decoder_(proto::Direction::answers, kLargestBody),
      speech_(speech) {
  stream_ = net::TcpStream::connect(loop, route.target, *this);
  if (route.tls) stream_.begin_tls(tls::TlsEngine::connect(*route.tls));
  wait([this] { return connected_; }, patience_);
}

void Dialogue::send(std::span<const std::byte> bytes) { stream_.write(bytes); }

void Dialogue::send(proto::FrameHeader header, std::span<const std::byte> body) {
  header.body_bytes = static_cast<std::uint32_t>(body.size());
  std::array<std::byte, proto::kHeaderBytes> bytes{};
  proto::encode_header(header, bytes.data());
  send(bytes);
  send(body);
}

void Dialogue::end_sending() { stream_.shutdown(); }

void Dialogue::pause(Nanos span) {
  wait([] { return false; }, span);
}

std::optional<Told> Dialogue::next() {
  wait([this] { return !told_.empty() || garbled_; }, patience_);
  if (told_.empty()) return std::nullopt;
  Told told = std::move(told_.front());
  told_.pop_front();
  return told;
}

std::string Dialogue::next_bytes(std::size_t count) {
  wait([this, count] { return words_.size() >= count; }, patience_);
  const std::string came = words_.substr(0, count);
  words_.erase(0, came.size());
  return came;
}

bool Dialogue::hears_goaway() {
  return wait([this] { return goaway_ || garbled_; }, patience_) && goaway_;
}

bool Dialogue::silent_for(Nanos span) {
  return !wait([this] { return !told_.empty() || !words_.empty() || garbled_; }, span);
}

bool Dialogue::ends() {
  wait([] { return false; }, patience_);
  return ended_;
}

std::string Dialogue::why_nothing() const {
  if (!connected_) return "no connection: " + (why_ended_.empty() ? "no answer" : why_ended_);
  if (garbled_) {
    const std::string like = proto::what_it_looks_like(last_).words;
    return "bytes that are no answer: " + proto::hex_of(last_) +
           (like.empty() ? "" : ", which look like " + like);
  }
  if (ended_) return "the connection ended: " + why_ended_;
  return "nothing for " + human(patience_);
}

void Dialogue::on_connected() {
  connected_ = true;
  loop_.stop();
}

void Dialogue::on_bytes(std::span<const std::byte> bytes) {
  if (speech_ == Speech::words) {
    words_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return loop_.stop();
  }
  if (garbled_) return;
  const auto first = bytes.first(std::min(bytes.size(), proto::kHeaderBytes));
  last_.assign(first.begin(), first.end());
  garbled_ |= !decoder_.take_all(bytes, [this](const proto::Frame& frame, proto::FrameDecoder::Step) {
    if (frame.header.kind == proto::Kind::goaway)
      goaway_ = true;
    else
      told_.push_back({frame.header, {frame.body.begin(), frame.body.end()}});
    return true;
  });
  loop_.stop();
}

void Dialogue::on_end(net::End end) {
  ended_ = true;
  why_ended_ = stream_.why(end);
  loop_.stop();
}

/// False when it has not come to that: in time, or because nothing can come any more.
bool Dialogue::wait(const std::function<bool()>& until, Nanos at_most) {
  timed_out_ = false;
  timer_.start(at_most);
  while (!until() && !timed_out_ && !ended_) loop_.run();
  timer_.stop();
  return until();
}

}  // namespace finishline::client
