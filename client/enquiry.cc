#include "client/enquiry.h"

#include <array>
#include <optional>

#include "lb/net/stream.h"
#include "lb/net/timer.h"
#include "proto/frame.h"
#include "proto/looks_like.h"
#include "proto/quantity.h"

namespace finishline::client {
namespace {

using Result = std::variant<Description, NotDescribed, NotReached>;

constexpr Nanos kReplyPatience = 3s;
constexpr Nanos kRetryDelay = 50ms;
constexpr Nanos kNoticeable = 700ms;

class Enquiry final : net::StreamEvents {
 public:
  Enquiry(net::Loop& loop, const net::Address& address, Nanos connect_timeout, const tls::ClientContext* tls,
          std::function<void(const std::string&)> waiting)
      : loop_(loop),
        address_(address),
        tls_(tls),
        connect_timeout_(connect_timeout),
        patience_(loop, [this] { out_of_patience(); }),
        retry_(loop, [this] { connect(); }),
        notice_(loop, [this] { notice(); }),
        waiting_(std::move(waiting)) {}

  Result run() {
    patience_.start(connect_timeout_);
    notice_.start(kNoticeable);
    connect();
    if (!result_) loop_.run();
    stream_.finish();
    return std::move(*result_);
  }

 private:
  void connect() {
    stream_ = net::TcpStream::connect(loop_, address_, *this);
    if (tls_ != nullptr) stream_.begin_tls(tls::TlsEngine::connect(*tls_));
  }

  void on_connected() override {
    connected_ = true;
    patience_.start(kReplyPatience);
    proto::FrameHeader header;
    header.kind = proto::Kind::describe;
    header.id = 1;
    std::array<std::byte, proto::kHeaderBytes> bytes{};
    proto::encode_header(header, bytes.data());
    stream_.write(bytes);
  }

  void on_bytes(std::span<const std::byte> bytes) override {
    heard_ = true;
    decoder_.feed(bytes);
    proto::Frame frame;
    const auto step = decoder_.next(frame);
    if (step == proto::FrameDecoder::Step::need_more) return;
    if (step == proto::FrameDecoder::Step::frame) return end(understand(frame));
    const std::string like = proto::what_it_looks_like(bytes).words;
    end(NotDescribed{"the bytes that came are no description" +
                     (like.empty() ? like : ", but look like " + like)});
  }

  void on_end(net::End reason) override {
    why_ = stream_.why(reason);
    const auto fault = stream_.tls() == nullptr ? tls::TlsFault::none : stream_.tls()->fault();
    stream_ = {};
    if (fault != tls::TlsFault::none && fault != tls::TlsFault::told_by_peer)
      return end(NotReached{why_, fault});
    if (connected_) return end(NotDescribed{"the connection ended instead: " + why_, !heard_});
    retry_.start(kRetryDelay);
  }

  void out_of_patience() {
    if (connected_) return end(NotDescribed{"no answer for " + human(kReplyPatience)});
    end(NotReached{"cannot connect to " + address_.to_string() + " within " + human(connect_timeout_) + ": " +
                   why_});
  }

  void notice() {
    if (!connected_ && waiting_) waiting_(why_);
  }

  static Result understand(const proto::Frame& frame) {
    const auto status = static_cast<proto::Status>(frame.header.detail);
    if (status != proto::Status::ok) return NotDescribed{"the answer is " + std::string(name_of(status))};
    if (frame.header.kind != proto::Kind::description || frame.body.empty())
      return NotDescribed{"the answer is no description"};
    auto parsed = parse_description({reinterpret_cast<const char*>(frame.body.data()), frame.body.size()});
    if (auto* problem = std::get_if<std::string>(&parsed)) return NotDescribed{std::move(*problem)};
    return std::move(std::get<Description>(parsed));
  }

  void end(Result result) {
    if (result_) return;
    result_ = std::move(result);
    loop_.stop();
  }

  net::Loop& loop_;
  const net::Address& address_;
  const tls::ClientContext* tls_;
  Nanos connect_timeout_;
  net::TcpStream stream_;
  net::Timer patience_, retry_, notice_;
  std::function<void(const std::string&)> waiting_;
  proto::FrameDecoder decoder_{proto::Direction::answers, proto::kDefaultMaxBody};
  bool connected_ = false, heard_ = false;
  std::string why_ = "no answer";
  std::optional<Result> result_;
};

}  // namespace

Result enquire(net::Loop& loop, const net::Address& address, Nanos connect_timeout,
               const tls::ClientContext* tls, std::function<void(const std::string&)> waiting) {
  return Enquiry(loop, address, connect_timeout, tls, std::move(waiting)).run();
}

}  // namespace finishline::client
