#include "lb/peers/seats.h"

#include <algorithm>
#include <utility>

#include "lb/ledger/nodes.h"
#include "lb/ledger/waiting_lanes.h"
#include "lb/log/log.h"
#include "lb/sched/matching.h"

namespace finishline::peers {
namespace {

/// Only who has it may renew it, or give it back.
constexpr std::string_view kRenew = R"(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2]))";
/// A lease always has an end, and a near one: a key without is none, and nobody's to be waited for.
constexpr std::string_view kClear = R"(
local left = redis.call('PTTL', KEYS[1])
if left == -2 or left >= 0 and left <= 20 * tonumber(ARGV[1]) then return 0 end
return redis.call('DEL', KEYS[1]))";
constexpr std::string_view kGiveBack = R"(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1]))";

constexpr Nanos kClearEvery = 1s;

std::string ms_of(Nanos term) { return std::to_string(term / 1ms); }

/// Of two lanes, whose is meant by a call for this reason.
bool goes_before(const sched::WaitLane& a, const sched::WaitLane& b, sched::Reason reason) {
  if (reason == sched::Reason::urgent) return a.urgent_start < b.urgent_start;
  if (reason == sched::Reason::critical) return a.longest > b.longest;
  return a.head_key < b.head_key;
}

}  // namespace

Seats::Seats(ledger::Ledger& ledger, const Directory& directory, PeerEngine& engine, Options options)
    : ledger_(ledger), directory_(directory), engine_(engine), options_(std::move(options)), calls_(ledger) {
  follow_directory(options_.silence);
}

void Seats::follow_directory(Nanos silence) {
  options_.silence = silence;
  const std::vector<Seat> before = std::exchange(seats_, {});
  for (const Directory::Pool& pool : directory_.seats) {
    const auto known = std::ranges::find(before, pool.key, &Seat::key);
    seats_.push_back(known == before.end() ? Seat{.key = pool.key, .name = pool.name} : *known);
    seats_.back().pool = pool.row;
  }
  for (const Seat& seat : before)
    if (std::ranges::find(seats_, seat.key, &Seat::key) == seats_.end()) give_back(seat);
}

// --- who has them --------------------------------------------------------------------------------------

void Seats::look(Instant now) {
  for (Seat& seat : seats_) {
    const auto holder = seat_holder(ledger_, seat.pool, now);
    const bool others = holder.who == ledger::SeatHolder::Who::node;
    if (engine_.state() == ledger::EngineState::connected && engine_.takes())
      if (const auto what = seat.lease.look(now, others); what != SeatLease::Ask::nothing) ask(seat, what);
    show(seat, now);
  }
}

/// In the ledger, and in the log what is another one than before.
void Seats::show(Seat& seat, Instant now) {
  using Who = ledger::SeatHolder::Who;
  const auto shown = seat_holder(ledger_, seat.pool, now);
  if (seat.lease.holds(now)) {
    show_seat(ledger_, seat.pool, {.who = Who::self}, seat.lease.held_until(), now);
  } else if (shown.who == Who::self) {
    show_seat(ledger_, seat.pool, {}, now, now);
  }
  const auto holder = seat_holder(ledger_, seat.pool, now);
  if (std::exchange(seat.told, holder) == holder) return;
  const std::string name = holder.who == Who::self   ? options_.name
                           : holder.who == Who::node ? node_name(ledger_, holder.node)
                                                     : "";
  log::write(log::Event::seat_moved, {{"pool", seat.name}, {"holder", name.empty() ? "nobody" : name}});
}

void Seats::ask(const Seat& seat, SeatLease::Ask what) {
  const std::string key = key_of_seat(seat), term = ms_of(SeatLease::kTerm);
  const auto take = [this, pool = seat.key, what](const RedisReply& reply) {
    take_answer(pool, what, reply);
  };
  if (what == SeatLease::Ask::take)
    engine_.ask({"SET", key, options_.name, "NX", "PX", term}, take);
  else
    engine_.ask({"EVAL", kRenew, "1", key, options_.name, term}, take);
}

void Seats::take_answer(std::uint64_t key, SeatLease::Ask what, const RedisReply& reply) {
  const auto seat = std::ranges::find(seats_, key, &Seat::key);
  if (seat == seats_.end()) return;
  if (reply.is_error() && !std::exchange(refused_, true))
    log::write(log::Event::seat_refused, {{"pool", seat->name}, {"reason", reply.text}});
  const bool taken = what == SeatLease::Ask::take ? reply.text == "OK" : reply.number == 1;
  seat->lease.answered(taken && !reply.is_error());
  if (what == SeatLease::Ask::take && !taken && !reply.is_error()) clear(*seat);
}

/// Somebody has it of whom nothing is heard.
void Seats::clear(Seat& seat) {
  const Instant now = engine_.now();
  if (!engine_.takes() || (seat.cleared_at && now - *seat.cleared_at < kClearEvery)) return;
  seat.cleared_at = now;
  engine_.ask({"EVAL", kClear, "1", key_of_seat(seat), ms_of(SeatLease::kTerm)},
              [this, name = seat.name](const RedisReply& reply) {
                if (!reply.is_error() && reply.number == 0) return;
                if (reply.is_error() && std::exchange(refused_, true)) return;
                log::write(log::Event::seat_refused,
                           {{"pool", name},
                            {"reason", reply.is_error() ? reply.text
                                                        : options_.prefix + ":seat:" + name +
                                                              " was no lease, for it had no end: removed"}});
              });
}

void Seats::lost() {
  for (Seat& seat : seats_) seat.lease.lost();
}

void Seats::leave() {
  for (const Seat& seat : seats_) give_back(seat);
}

void Seats::give_back(const Seat& seat) {
  if (engine_.takes())
    engine_.ask({"EVAL", kGiveBack, "1", key_of_seat(seat), options_.name}, [](const RedisReply&) {});
}

bool Seats::holds_any(Instant now) const {
  return std::ranges::any_of(seats_, [now](const Seat& seat) { return seat.lease.holds(now); });
}

std::vector<std::uint64_t> Seats::held(Instant now) const {
  std::vector<std::uint64_t> keys;
  for (const Seat& seat : seats_)
    if (seat.lease.holds(now)) keys.push_back(seat.key);
  return keys;
}

/// Who is believed already stays until it is silent, and our own seat ends by its lease alone.
void Seats::heard(std::uint32_t node, const std::vector<std::uint64_t>& held, Instant now) {
  using Who = ledger::SeatHolder::Who;
  const ledger::SeatHolder it{.who = Who::node, .node = node};
  for (const Seat& seat : seats_) {
    const auto holder = seat_holder(ledger_, seat.pool, now);
    const bool has = std::ranges::find(held, seat.key) != held.end();
    if (has && (holder.who == Who::nobody || holder == it))
      show_seat(ledger_, seat.pool, it, now + options_.silence, now);
    else if (!has && holder == it)
      show_seat(ledger_, seat.pool, {}, now, now);
  }
}

// --- calls ---------------------------------------------------------------------------------------------

std::vector<Call> Seats::new_calls(Instant now) {
  std::vector<Call> calls;
  if (!holds_any(now)) return calls;
  std::vector<ledger::SeatCall> taken;
  for (const Directory::Server& server : directory_.servers) {
    taken.clear();
    calls_.take(server.id, now, taken);
    for (const ledger::SeatCall& call : taken)
      if (const auto told = call_of(server, call)) calls.push_back(*told);
  }
  return calls;
}

std::optional<Call> Seats::call_of(const Directory::Server& server, const ledger::SeatCall& call) const {
  for (const Directory::Lane& lane : directory_.lanes)
    if (lane.pool == server.pool && lane.type == call.lane)
      return Call{.node = key_of(node_name(ledger_, call.node)),
                  .server = server.key,
                  .lane = lane.key,
                  .length = call.length,
                  .reason = call.reason};
  return std::nullopt;
}

std::vector<ledger::WorkerId> Seats::take_calls(const std::vector<Call>& calls, Instant now) {
  std::vector<ledger::WorkerId> workers;
  const std::uint64_t self = key_of(options_.name);
  for (const Call& call : calls) {
    const Directory::Lane* const lane = call.node == self ? directory_.lane(call.lane) : nullptr;
    const auto server = directory_.server(call.server);
    if (lane == nullptr || !server) continue;
    const auto worker = worker_with(*lane, call);
    const ledger::SeatGrant grant{*server, lane->type, call.reason, call.length};
    if (worker && give_grant(ledger_, *worker, grant, now)) workers.push_back(*worker);
  }
  return workers;
}

std::optional<ledger::WorkerId> Seats::worker_with(const Directory::Lane& lane, const Call& call) const {
  const auto reason = static_cast<sched::Reason>(call.reason);
  std::optional<sched::WaitLane> first;
  for (const sched::WaitLane& it : waiting_lanes(ledger_, lane.pool, lane.type + 1U))
    if (it.type == lane.type && it.count > 0 && (!first || goes_before(it, *first, reason))) first = it;
  return first ? std::optional<ledger::WorkerId>(first->worker) : std::nullopt;
}

}  // namespace finishline::peers
