#include "lb/control/probe.h"

#include <algorithm>
#include <utility>

namespace finishline::control {
namespace {

constexpr std::size_t kStatusLine = 12;  // "HTTP/1.1 200"

}  // namespace

Probe::Probe(net::Loop& loop, Options options, std::function<void(const Fault&)> done)
    : loop_(loop),
      options_(std::move(options)),
      done_(std::move(done)),
      patience_(loop, [this] { finish("no answer in time"); }),
      frames_(proto::Direction::answers, 0) {}

void Probe::start() {
  frames_ = proto::FrameDecoder(proto::Direction::answers, 0);
  line_.clear();
  patience_.start(options_.timeout);
  stream_ = net::TcpStream::connect(loop_, options_.address, *this, options_.sources.next());
}

void Probe::on_connected() {
  if (options_.kind == Kind::connect) return finish({});
  ask();
}

void Probe::ask() {
  if (options_.kind == Kind::ping) {
    proto::encode_header({.kind = proto::Kind::ping, .id = ++id_}, stream_.prepare(proto::kHeaderBytes));
    return stream_.commit(proto::kHeaderBytes);
  }
  const std::string request = "GET " + options_.path + " HTTP/1.1\r\nHost: " + options_.address.to_string() +
                              "\r\nUser-Agent: finishline\r\nConnection: close\r\n\r\n";
  stream_.write(std::as_bytes(std::span(request)));
}

void Probe::on_bytes(std::span<const std::byte> bytes) {
  if (options_.kind == Kind::ping) return take_frames(bytes);
  take_status_line(bytes);
}

void Probe::take_frames(std::span<const std::byte> bytes) {
  using Step = proto::FrameDecoder::Step;
  proto::Frame frame;
  frames_.feed(bytes);
  for (;;) {
    switch (frames_.next(frame)) {
      case Step::frame:
        if (frame.header.kind == proto::Kind::pong && frame.header.id == id_) return finish({});
        break;
      case Step::too_large:
        break;  // not what was asked for; the pong may yet come
      case Step::need_more:
        return;
      case Step::bad:
        return finish("the answer is no frame");
    }
  }
}

void Probe::take_status_line(std::span<const std::byte> bytes) {
  line_.append(reinterpret_cast<const char*>(bytes.data()),
               std::min(bytes.size(), kStatusLine - line_.size()));
  if (line_.size() < kStatusLine) return;
  const bool http = line_.starts_with("HTTP/1.") && line_[8] == ' ';
  if (!http) return finish("the answer is no HTTP");
  const char kind = line_[9];
  finish(kind == '2' || kind == '3' ? Fault() : "HTTP status " + line_.substr(9));
}

void Probe::on_end(net::End end) { finish(end.orderly() ? "closed without an answer" : end.text()); }

void Probe::finish(const Fault& fault) {
  patience_.stop();
  stream_ = net::TcpStream();
  done_(fault);
}

}  // namespace finishline::control
