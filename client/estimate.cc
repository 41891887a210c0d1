#include "client/estimate.h"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "client/table.h"
#include "lb/net/stream.h"
#include "lb/net/timer.h"
#include "proto/quantity.h"

namespace finishline::client {
namespace {

constexpr Nanos kReplyPatience = 3s;

/// Sends one frame for each type at once; their ids are their places in the answer.
class EstimateCall final : net::StreamEvents {
 public:
  EstimateCall(net::Loop& loop, std::vector<Estimate> asked, std::vector<proto::FrameHeader> frames)
      : loop_(loop),
        estimates_(std::move(asked)),
        frames_(std::move(frames)),
        patience_(loop, [this] { end("no answer in time"); }) {}

  std::variant<std::vector<Estimate>, std::string> run(const net::Address& address, Nanos connect_timeout,
                                                       const tls::ClientContext* tls) {
    patience_.start(connect_timeout);
    stream_ = net::TcpStream::connect(loop_, address, *this);
    if (tls != nullptr) stream_.begin_tls(tls::TlsEngine::connect(*tls));
    if (!problem_) loop_.run();
    stream_.finish();
    if (!problem_->empty()) return "cannot ask " + address.to_string() + ": " + *problem_;
    return std::move(estimates_);
  }

 private:
  void on_connected() override {
    patience_.start(kReplyPatience);
    std::array<std::byte, proto::kHeaderBytes> bytes{};
    for (const proto::FrameHeader& frame : frames_) {
      proto::encode_header(frame, bytes.data());
      stream_.write(bytes);
    }
  }

  void on_bytes(std::span<const std::byte> bytes) override {
    using Step = proto::FrameDecoder::Step;
    decoder_.feed(bytes);
    proto::Frame frame;
    Step step = decoder_.next(frame);
    for (; step == Step::frame && !problem_; step = decoder_.next(frame)) take(frame);
    if (step == Step::bad || step == Step::too_large) end("the bytes that came are no estimate");
  }

  void on_end(net::End reason) override {
    stream_ = {};
    end("the connection ended: " + stream_.why(reason));
  }

  void take(const proto::Frame& frame) {
    const proto::FrameHeader& told = frame.header;
    if (told.kind == proto::Kind::goaway) return end("it is about to stop");
    if (told.kind != proto::Kind::estimated || told.id >= estimates_.size())
      return end("it does not know the word: the answer is " +
                 std::string(name_of(static_cast<proto::Status>(told.detail))));
    Estimate& estimate = estimates_[told.id];
    estimate.status = static_cast<proto::Status>(told.detail);
    estimate.until_done = std::chrono::microseconds(told.service_us);
    estimate.error = std::chrono::microseconds(told.origin);
    estimate.server_type.assign(reinterpret_cast<const char*>(frame.body.data()), frame.body.size());
    if (++answers_ == estimates_.size()) end("");
  }

  void end(std::string problem) {
    if (problem_) return;
    problem_ = std::move(problem);
    loop_.stop();
  }

  net::Loop& loop_;
  std::vector<Estimate> estimates_;
  std::vector<proto::FrameHeader> frames_;
  net::TcpStream stream_;
  net::Timer patience_;
  proto::FrameDecoder decoder_{proto::Direction::answers, proto::kDefaultMaxBody};
  std::size_t answers_ = 0;
  std::optional<std::string> problem_;  // once it has ended; "": all is well
};

}  // namespace

std::variant<std::vector<Estimate>, std::string> estimate(net::Loop& loop, const net::Address& address,
                                                          Nanos connect_timeout,
                                                          const std::vector<RequestTypeSpec>& types,
                                                          std::uint32_t length, std::uint8_t priority,
                                                          const tls::ClientContext* tls) {
  std::vector<Estimate> asked;
  std::vector<proto::FrameHeader> frames;
  for (const RequestTypeSpec& type : types) {
    frames.push_back({.kind = proto::Kind::estimate,
                      .type = type.code,
                      .flags = proto::priority_flags(priority),
                      .id = asked.size(),
                      .length = length});
    asked.push_back({.type = type.name, .length = length, .server_type = {}});
  }
  return EstimateCall(loop, std::move(asked), std::move(frames)).run(address, connect_timeout, tls);
}

std::string to_text(const std::vector<Estimate>& estimates) {
  Table table(1);
  table.add({"type", "length", "done in", "by a server of type", "wrong by, of late"});
  for (const Estimate& one : estimates) {
    const bool ok = one.status == proto::Status::ok;
    table.add({one.type, std::to_string(one.length),
               ok ? human(one.until_done) : std::string(name_of(one.status)), one.server_type,
               one.error > 0ns ? "up to " + human(one.error) : "-"});
  }
  return table.text();
}

std::string to_json(const std::vector<Estimate>& estimates) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Estimate& one : estimates)
    list.push_back({{"type", one.type},
                    {"length", one.length},
                    {"status", name_of(one.status)},
                    {"until_done_us", one.until_done / 1us},
                    {"server_type", one.server_type},
                    {"error_us", one.error / 1us}});
  return list.dump(2) + "\n";
}

}  // namespace finishline::client
