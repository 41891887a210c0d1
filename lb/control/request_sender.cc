#include "lb/control/request_sender.h"

#include <array>
#include <utility>

namespace finishline::control {

/// One connection that brings one frame and takes one.
class RequestSender::Trip : private net::StreamEvents {
 public:
  Trip(net::Loop& loop, const net::Address& listener, const proto::FrameHeader& request,
       std::function<void(const Sent&)> done)
      : loop_(loop),
        request_(request),
        done_(std::move(done)),
        began_(loop.fresh_now()),
        patience_(loop, [this] { end({.failure = "no reply in time"}); }),
        stream_(net::TcpStream::connect(loop, listener, *this)) {
    patience_.start(kPatience);
  }

  bool ended() const { return !done_; }

 private:
  void on_connected() override {
    std::array<std::byte, proto::kHeaderBytes> bytes;
    proto::encode_header(request_, bytes.data());
    stream_.write(bytes);
  }

  void on_bytes(std::span<const std::byte> bytes) override {
    const bool good = decoder_.take_all(bytes, [this](const proto::Frame& frame, proto::FrameDecoder::Step) {
      if (frame.header.kind == proto::Kind::reply && !reply_) reply_ = frame.header;
      return true;
    });
    if (reply_) return end({.reply = *reply_, .took = loop_.fresh_now() - began_});
    if (!good) end({.failure = "what came is no frame"});
  }

  void on_end(net::End it) override {
    end({.failure = it.orderly() ? "the connection was closed without a reply" : it.text()});
  }

  /// The sender forgets it later: it may be inside of a call of the stream.
  void end(const Sent& sent) {
    patience_.stop();
    stream_ = {};
    if (const auto done = std::exchange(done_, nullptr)) done(sent);
  }

  net::Loop& loop_;
  proto::FrameHeader request_;
  std::function<void(const Sent&)> done_;
  Instant began_;
  std::optional<proto::FrameHeader> reply_;
  proto::FrameDecoder decoder_{proto::Direction::answers, proto::kDefaultMaxBody};
  net::Timer patience_;
  net::TcpStream stream_;
};

RequestSender::RequestSender(net::Loop& loop) : loop_(loop) {}

RequestSender::~RequestSender() = default;

void RequestSender::forget_ended() {
  std::erase_if(trips_, [](const auto& trip) { return trip->ended(); });
}

bool RequestSender::send(const net::Address& listener, const proto::FrameHeader& request,
                         std::function<void(const Sent&)> done) {
  forget_ended();
  if (trips_.size() >= kMost) return false;
  trips_.push_back(std::make_unique<Trip>(loop_, listener, request, std::move(done)));
  return true;
}

}  // namespace finishline::control
