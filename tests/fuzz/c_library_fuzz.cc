// Any bytes at the C library: a worker answers every request of a connection exactly once, or the connection
// is over; a description names a type or none. The first byte of the input says how much work is done in
// between.
#include <cstdlib>
#include <map>
#include <string>

#include "proto/c/description.h"
#include "proto/c/intake.h"

namespace {

using namespace finishline;
using namespace finishline::clib;

constexpr std::uint32_t kMaxBody = 512;

void require(bool holds) {
  if (!holds) std::abort();
}

ServerRules tight() {
  ServerRules rules;
  rules.types.set('V');
  rules.slots = 2;
  rules.max_body = kMaxBody;
  rules.max_waiting = 3;
  rules.max_waiting_bytes = 2000;
  return rules;
}

/// A worker whose frames come from one connection and whose work is done by the seed.
class Worker {
 public:
  void take(const proto::Frame& frame, bool too_large) {
    if (frame.header.kind == proto::Kind::cancel) {
      answered_ += intake_.cancel(frame.header.id, 1, now_).has_value();
      return;
    }
    const auto answer = intake_.take(frame, too_large, 1, now_);
    if (frame.header.kind == proto::Kind::request) ++asked_;
    if (answer && answer->header.kind == proto::Kind::reply) answered(answer->header, frame.header);
    now_ += 1ms;
  }
  void work() {
    while (ServerJob* const job = intake_.begin(now_)) {
      require(job->body_bytes <= kMaxBody);
      require(job->bytes.size() == job->body_bytes + 1);
      const proto::FrameHeader asked = job->asked;
      const auto done = intake_.finish(job, static_cast<int>(asked.length), 0, now_);
      require(done.header.detail < proto::kStatusCount);
      answered(done.header, asked);
    }
    require(intake_.work().running() == 0);
  }
  void end() {
    answered_ += intake_.work().withdraw(1);
    require(answered_ == asked_);
    require(intake_.work().backlog(now_) == Nanos(0));
  }

 private:
  void answered(const proto::FrameHeader& reply, const proto::FrameHeader& asked) {
    ++answered_;
    require(reply.id == asked.id && reply.type == asked.type && reply.length == asked.length);
    require((reply.flags & ~proto::kKnownFlags) == 0);
  }

  Intake intake_{nullptr, tight()};
  Instant now_{100s};
  std::uint64_t asked_ = 0, answered_ = 0;
};

void serve(std::span<const std::byte> stream, unsigned seed) {
  Worker worker;
  proto::FrameDecoder decoder(proto::Direction::requests, kMaxBody);
  decoder.take_all(stream, [&](const proto::Frame& frame, proto::FrameDecoder::Step step) {
    worker.take(frame, step == proto::FrameDecoder::Step::too_large);
    seed = seed * 1103515245 + 12345;
    if ((seed >> 16) % 4 == 0) worker.work();
    return true;
  });
  worker.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  serve(std::as_bytes(std::span(data + 1, size - 1)), data[0]);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const char letter = type_in(text, "x");
  require(letter == 0 || text.find(letter) != std::string_view::npos);
  require(!says_cancel(text) || text.find("true") != std::string_view::npos);
  return 0;
}
