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

/// Whether a server that tells that it has `told` left to do has more than the books know of: work of a
/// worker that died, or of somebody else's. What is told may be kToldAge old, so less than that proves
/// nothing.
bool tells_more(const ServerBooks& books, std::uint32_t slots, Nanos told);
inline constexpr Nanos kToldAge = 50ms;
/// The word after that. It falls only where nothing of ours is in flight.
std::int64_t told_finish(std::int64_t word, const ServerBooks& books, std::uint32_t slots, Nanos told,
                         std::int64_t now);

/// What a server owes in all, where `known` is of our own workers and what other proxies have said since it
/// replied, `hearsay` what they said before that, and it has told that so much is left (above zero). Its word
/// is younger than hearsay; it does not know of what is on its way.
Nanos believed_owed(Nanos known, Nanos hearsay, Nanos reported);
/// What others said younger ago than this may have been sent after the reply.
inline constexpr Nanos kReplyAge = 200us;
/// Whether what was believed differs from the books by more than what is on its way and half of it.
bool disagree(Nanos booked, Nanos believed);

/// What has changed in the books of another proxy, which this one has just heard of.
struct RemoteChange {
  Nanos owed{};                 // more than before; less: below zero
  std::uint32_t in_flight = 0;  // of that proxy, now
  bool turned = false;          // `ago` tells when the server was done with a request of it, or was given one
  bool settled = false;         // the former
  Nanos ago{};
};
/// Who sees a server's last reply is first to give it work; for others it is idle so much later.
inline constexpr Nanos kFirstTurn = 500us;
/// The word after that; `books` are those of all, with the change in them. One slot: what is in service began
/// when the request before it was done, or came to an idle server.
std::int64_t remote_finish(std::int64_t word, const ServerBooks& books, std::uint32_t slots,
                           const RemoteChange& change, std::int64_t now);

}  // namespace finishline::ledger
