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
  std::uint8_t attempts = 0;  // times sent before
  net::Buffer kept_body;      // what `request.body` borrows from, when it was kept
  std::unique_ptr<Refusals> refusals;

  bool first_try() const { return attempts == 0 && !refusals; }
};

/// Those that a request does not go to.
inline RequestPool::Refusers refusers_in(const std::unique_ptr<Refusals>& refusals) {
  return refusals ? RequestPool::Refusers(refusals->servers) : RequestPool::Refusers();
}

}  // namespace finishline::worker
