#include "lb/control/resizer.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "lb/log/log.h"
#include "lb/net/stream.h"
#include "lb/net/timer.h"
#include "proto/frame.h"

namespace finishline::control {
namespace {

constexpr std::uint64_t kResizeId = 1;

/// "": it has done so.
std::string fault_in(proto::Status status) {
  if (status == proto::Status::ok) return "";
  if (status == proto::Status::bad_frame) return "bad_frame: it does not know resize";
  return std::string(name_of(status));
}

}  // namespace

/// With one server: connects, says it, hears the answer.
class Resizer::Talk : private net::StreamEvents {
 public:
  Talk(Resizer& owner, SizedServer server)
      : owner_(owner),
        server_(std::move(server)),
        patience_(owner.loop_, [this] { end("it did not answer in time"); }),
        frames_(proto::Direction::answers, proto::kDefaultMaxBody) {
    patience_.start(kPatience);
    stream_ = net::TcpStream::connect(owner.loop_, server_.address, *this);
  }

 private:
  void on_connected() override {
    proto::encode_header({.kind = proto::Kind::resize, .id = kResizeId, .length = server_.slots},
                         stream_.prepare(proto::kHeaderBytes));
    stream_.commit(proto::kHeaderBytes);
  }

  void on_bytes(std::span<const std::byte> bytes) override {
    std::string outcome;
    bool answered = false;
    const bool are_frames = frames_.take_all(bytes, [&](proto::Frame& frame, proto::FrameDecoder::Step) {
      if (frame.header.kind != proto::Kind::reply || frame.header.id != kResizeId) return true;
      answered = true;
      outcome = fault_in(static_cast<proto::Status>(frame.header.detail));
      return false;
    });
    if (answered) return end(outcome);
    if (!are_frames) end("it answers no frame");
  }
  void on_end(net::End end_of_it) override { end(end_of_it.text()); }

  /// "": it has done so. What comes behind it, as the end of the connection, says nothing more.
  void end(const std::string& fault) {
    patience_.stop();
    stream_ = {};
    if (fault.empty()) {
      log::write(log::Event::server_resized, {{"server", server_.name}, {"slots", server_.slots}});
    } else {
      log::write(log::Event::resize_failed,
                 {{"server", server_.name}, {"slots", server_.slots}, {"reason", fault}});
    }
    owner_.remove(this);
  }

  Resizer& owner_;
  const SizedServer server_;
  net::Timer patience_;
  proto::FrameDecoder frames_;
  net::TcpStream stream_;
};

Resizer::Resizer(net::Loop& loop) : loop_(loop) {}

Resizer::~Resizer() = default;

void Resizer::change_to(const std::vector<SizedServer>& servers) {
  std::map<std::string, std::uint32_t> now;
  for (const SizedServer& server : servers) {
    now.emplace(server.name, server.slots);
    const auto before = known_.find(server.name);
    if (before == known_.end() || before->second == server.slots || !server.address) continue;
    talks_.push_back(std::make_unique<Talk>(*this, server));
  }
  known_ = std::move(now);
}

/// It may be called from within it: it goes with the next one.
void Resizer::remove(const Talk* talk) {
  const auto found = std::ranges::find(talks_, talk, [](const auto& it) { return it.get(); });
  if (found == talks_.end()) return;
  ended_ = std::move(*found);
  talks_.erase(found);
}

}  // namespace finishline::control
