// A request on its way to a server, first time or again; what it brought stays the same from one to the next.
// Worker process.
#pragma once

#include <cstdint>
#include <memory>

#include "lb/net/buffer.h"
#include "lb/worker/pending.h"
#include "lb/worker/request.h"
#include "lb/worker/request_pool.h"
#include "proto/units.h"

namespace finishline::worker {

struct Attempt {
  Request request;
  ReplyAddress client;
  Instant received_at;
  Instant deadline;
  Instant promised = Instant::max();  // when it was expected to be done; max: nothing was foreseen
  std::uint8_t attempts = 0;          // times sent before
  net::Buffer kept_body{};            // what `request` borrows from, when it was kept: headers, then body
  std::unique_ptr<Refusals> refusals{};

  bool first_try() const { return attempts == 0 && !refusals; }
  Refusals& has_failed() {
    if (!refusals) refusals = std::make_unique<Refusals>();
    return *refusals;
  }
};

/// A request as policies see it.
inline sched::Job job_of(RequestType type, std::uint32_t length, std::uint64_t key, bool has_body) {
  constexpr std::uint32_t kMiniMaxLength = 9;  // what the two-byte protocol can say
  const bool fits_mini = !has_body && length <= kMiniMaxLength;
  return {type, length, key, static_cast<std::uint8_t>(fits_mini ? 0 : sched::kFrames)};
}
inline sched::Job job_of(const Request& request) {
  return job_of(request.type, request.length, request.client_key, !request.body.empty());
}
inline sched::Job job_of(const Pending& pending) {
  return job_of(pending.type, pending.length, pending.client_key, pending.has_body());
}

/// Those that a request does not go to.
inline RequestPool::Refusers refusers_in(const std::unique_ptr<Refusals>& refusals) {
  return refusals ? RequestPool::Refusers(refusals->servers) : RequestPool::Refusers();
}

}  // namespace finishline::worker
