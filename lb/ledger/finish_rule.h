// What the books of a server say about its finish time. Pure arithmetic on nanoseconds, no atomics: the
// ledger, its tests and a simulation share it.
//
// A server with `slots` = k works on k requests at once, and its finish time is now + backlog / k: the
// mean over its slots. The finish time of the least loaded slot would promise an early start, but not
// when all work is done, and that is what a makespan is about; it would also need k words per server.
#pragma once

#include <cstdint>

#include "proto/units.h"

namespace finishline::ledger {

/// What one server looks like, summed over workers; a reader's copy, a few microseconds old.
struct ServerBooks {
  std::uint32_t in_flight = 0;
  Nanos owed{};  // booked and not settled
};

/// The word of a server with nothing to do. Any other word is an instant in ns, above zero.
inline constexpr std::int64_t kIdle = 0;

/// The latest finish time that the books support: nothing that was booked has been worked on yet.
std::int64_t latest_finish(const ServerBooks& books, std::uint32_t slots, std::int64_t now);

/// The word behind which `service` more has been booked, `from` being the finish time before.
std::int64_t booked_finish(std::int64_t from, Nanos service, std::uint32_t slots);

/// The finish time of a server whose word has passed (0 < word <= now). With requests in flight it is
/// late: by as much again as it is late already (that is what a wait of unknown length, x old, promises
/// under the scale-free prior; Gott, Nature 363, 1993), and then comes what waits behind the late one.
/// With nothing in flight: now. A request that is later than 1 s and 8 times what requests there take on
/// average may never come: it is not waited for any longer, so that one lost reply does not keep a server
/// from work for good.
std::int64_t late_finish(std::int64_t word, const ServerBooks& books, std::uint32_t slots, std::int64_t now);

/// The same for a request that was due at `due` and is not back.
std::int64_t overdue_finish(std::int64_t due, const ServerBooks& books, std::uint32_t slots,
                            std::int64_t now);

/// The word after a reply. The books no longer hold the request; it took `actual` where `booked` was
/// expected, and the server said that it has `backlog` left (0: it said nothing). One slot: the next
/// request starts now, so the books are the answer. Several: the word moves by the error of the estimate
/// and is held to what the books allow, up to slots - 1 of the requests being nearly done.
struct Settlement {
  Nanos booked{};
  Nanos actual{};
  Nanos backlog{};
};
std::int64_t settled_finish(std::int64_t word, const ServerBooks& books, std::uint32_t slots,
                            const Settlement& outcome, std::int64_t now);

/// The word after a request for which `booked` was expected was lost or withdrawn.
std::int64_t released_finish(std::int64_t word, const ServerBooks& books, std::uint32_t slots, Nanos booked,
                             std::int64_t now);

}  // namespace finishline::ledger
