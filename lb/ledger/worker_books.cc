// One worker's writer of the ledger: bookings, settlements, and the finish words that follow from them.
#include <algorithm>
#include <utility>

#include "lb/ledger/finish_scan.h"
#include "lb/ledger/layout.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/worker_status.h"
#include "lb/sched/unavailable.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;

// How often a correction sums again because the word moved. The last may give up: whoever moved the word
// summed as well, and the next settlement or audit corrects what little is left.
constexpr int kTries = 8;

std::int64_t ns(Instant t) { return t.time_since_epoch().count(); }

}  // namespace

WorkerBooks::WorkerBooks(Ledger& ledger, WorkerId worker)
    : ledger_(&ledger),
      self_(worker),
      columns_{ledger.layout().finish_words(), ledger.layout().states()},
      rows_(&ledger.layout().pair(worker, 0)) {
  note_worker(ledger, worker);  // before the first booking, and published with it
}

void WorkerBooks::acquire_row(ServerId server) { rows_[server].held.store(1, kRelaxed); }

void WorkerBooks::release_row(ServerId server) {
  rows_[server].held.store(0,
                           std::memory_order_release);  // behind all that it has written there: row_lease.h
}

std::uint32_t WorkerBooks::sharers_unheard() const {
  const Layout& layout = ledger_->layout();
  if (layout.sharing.load(kRelaxed) != static_cast<std::uint8_t>(Sharing::lost)) [[likely]]
    return 1;
  return layout.sharers.load(kRelaxed);
}

bool WorkerBooks::shares() const {
  return ledger_->layout().sharing.load(kRelaxed) == static_cast<std::uint8_t>(Sharing::rows);
}

bool WorkerBooks::owes(ServerId server) const { return rows_[server].in_flight.load(kRelaxed) > 0; }

bool WorkerBooks::read_finish(std::span<const ServerId> members, Instant now, std::span<std::int64_t> words,
                              std::span<std::int64_t> finish) const {
  return scan_finish(columns_, members, ns(now), words.data(), finish.data()) &&
         read_odd(members, now, words, finish);
}

bool WorkerBooks::read_odd(std::span<const ServerId> members, Instant now,
                           std::span<const std::int64_t> words, std::span<std::int64_t> finish) const {
  bool slow = false;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const ServerState state = ledger_->state(members[i]);
    slow |= state == ServerState::slow_start;
    if (!ledger_->gives_work(members[i], state))
      finish[i] = sched::kUnavailable;
    else if (words[i] <= ns(now) && words[i] != kIdle)
      finish[i] = ledger_->finish_at(members[i], words[i], now);
  }
  return slow;
}

// --- streams -----------------------------------------------------------------------------------------

bool WorkerBooks::read_loads(std::span<const ServerId> members, Instant now, std::span<std::int64_t> words,
                             std::span<std::int64_t> finish, std::span<std::uint32_t> open) const {
  bool slow = false;
  for (std::size_t i = 0; i < members.size(); ++i) {
    words[i] = ledger_->finish_word(members[i]);  // before the rows, which it publishes
    const ServerBooks sum = ledger_->books(members[i]);
    const ServerState state = ledger_->state(members[i]);
    slow |= state == ServerState::slow_start;
    open[i] = sum.in_flight;
    finish[i] = ledger_->gives_work(members[i], state) ? ns(now + sum.owed) : sched::kUnavailable;
  }
  return slow;
}

std::optional<Reservation> WorkerBooks::try_open(ServerId server, std::int64_t seen, Nanos load) {
  const bool trial = ledger_->state(server) == ServerState::half_open;
  if (trial && !ledger_->take_trial(server)) return std::nullopt;
  auto made = count_in(server, seen, load);
  if (trial && !made) ledger_->allow_trial(server);
  return made;
}

// The row first, then the word, as for a request: whoever opens a connection after us has us in its sum.
std::optional<Reservation> WorkerBooks::count_in(ServerId server, std::int64_t seen, Nanos load) {
  load = raise(server, load);
  if (ledger_->layout().finish_words()[server].compare_exchange(seen, seen + 1))
    return Reservation{.server = server, .service = load};
  lower(server, load);
  return std::nullopt;
}

void WorkerBooks::weigh(Reservation& open, Nanos load) {
  lower_owed(open.server, open.service);
  open.service = raise_owed(open.server, load);
}

double WorkerBooks::slower(ServerId server) const {
  return ledger_->state(server) == ServerState::slow_start ? 1 / ledger_->share(server) : 1;
}

// Of the two fields in_flight says whether there is anything; it is raised last and lowered first, so that
// a reader in between sees too little work for an instant rather than work of no request.
Nanos WorkerBooks::raise(ServerId server, Nanos service) {
  ++changes_;
  const Nanos added = raise_owed(server, service);
  rows_[server].in_flight.add(1);
  return added;
}

Nanos WorkerBooks::raise_owed(ServerId server, Nanos service) {
  const Nanos added = std::min(service, kMostOwed - Nanos(rows_[server].owed.load(kRelaxed)));
  rows_[server].owed.add(added.count());
  return added;
}

void WorkerBooks::lower(ServerId server, Nanos service) {
  ++changes_;
  PairRow& row = rows_[server];
  row.in_flight.store(row.in_flight.load(kRelaxed) - 1, kRelaxed);
  lower_owed(server, service);
}

void WorkerBooks::lower_owed(ServerId server, Nanos service) { rows_[server].owed.add(-service.count()); }

std::optional<Reservation> WorkerBooks::try_reserve(ServerId server, std::int64_t seen, Nanos service,
                                                    Instant now) {
  const bool trial = takes_trials(server);
  if (trial && !ledger_->take_trial(server)) return std::nullopt;  // another worker's request is the one
  auto made = book(server, seen, service, now);
  if (trial && !made) ledger_->allow_trial(server);
  return made;
}

std::optional<Reservation> WorkerBooks::book(ServerId server, std::int64_t seen, Nanos service, Instant now) {
  const std::int64_t from = ledger_->finish_at(server, seen, now);
  service = raise(server, service);  // before the word moves, which publishes it: layout.h
  const std::int64_t moved = booked_finish(from, service, ledger_->slots(server));
  if (ledger_->layout().finish_words()[server].compare_exchange(seen, moved))
    return Reservation{server, service, Instant(Nanos(from) + service)};
  lower(server, service);
  ledger_->hold_to_books(server, now);  // whoever was faster may have counted what is not to be
  return std::nullopt;
}

// Ends: a race is lost only because somebody else's booking or settlement succeeded.
Reservation WorkerBooks::reserve(ServerId server, Nanos service, Instant now) {
  for (;;)
    if (auto made = book(server, ledger_->finish_word(server), service, now)) return *made;
}

// Sums after reading the word and sums again when it moved meanwhile, so that of several settlements at
// once the last to move the word has seen the rows of all. An idle word stays: who wrote it saw our row
// lowered, and a booking that is under way brings its own word.
template <class Rule>
void WorkerBooks::move_word(ServerId server, Rule rule) {
  Layout& layout = ledger_->layout();
  auto& word = layout.finish_words()[server];
  const std::uint32_t slots = layout.server(server).slots.load(kRelaxed);
  std::int64_t seen = word.load(kAcquire);
  for (int tries = 0; tries < kTries && seen != kIdle; ++tries)
    if (word.compare_exchange(seen, rule(seen, layout.sum_books(server), slots))) return;
}

/// What other proxies owe there has been said before the server replied; what it says is younger.
ServerBooks WorkerBooks::believed(ServerId server, const ServerBooks& sum, Nanos reported, Instant now) {
  Layout& layout = ledger_->layout();
  const std::uint32_t nodes = layout.node_limit.load(kRelaxed);
  if (nodes == 0 || reported <= 0ns) [[likely]]
    return sum;
  Nanos hearsay{};
  for (std::uint32_t n = 0; n < nodes; ++n)
    if (ns(now) - layout.node(n).heard_at.load(kRelaxed) >= kReplyAge.count())
      hearsay += Nanos(layout.pair(layout.sizes.max_workers + n, server).owed.load(kRelaxed));
  const Nanos owed = believed_owed(sum.owed - hearsay, hearsay, reported);
  if (disagree(sum.owed, owed)) layout.disagreements.fetch_add(1);
  return {sum.in_flight, owed};
}

void WorkerBooks::settle(const Reservation& reservation, Nanos actual_service, Nanos reported_backlog,
                         Instant now, Nanos said_backlog) {
  lower(reservation.server, reservation.service);
  rows_[reservation.server].settled_at.store(ns(now), kRelaxed);
  const Settlement outcome{reservation.service, actual_service, reported_backlog};
  move_word(reservation.server, [&](std::int64_t word, const ServerBooks& sum, std::uint32_t slots) {
    ledger_->trust(reservation.server, reported_backlog > sum.owed ? ns(now + Ledger::kTrust) : 0);
    return settled_finish(word, believed(reservation.server, sum, said_backlog, now), slots, outcome,
                          ns(now));
  });
}

void WorkerBooks::release(const Reservation& reservation, Instant now) {
  lower(reservation.server, reservation.service);
  rows_[reservation.server].settled_at.store(ns(now), kRelaxed);
  ledger_->trust(reservation.server, 0);  // what the server reported counted this request, too
  move_word(reservation.server, [&](std::int64_t word, const ServerBooks& sum, std::uint32_t slots) {
    return released_finish(word, sum, slots, reservation.service, ns(now));
  });
}

void WorkerBooks::overdue(ServerId server, Instant due, Instant now) {
  move_word(server, [&](std::int64_t word, const ServerBooks& sum, std::uint32_t slots) {
    const std::int64_t expected = overdue_finish(ns(due), sum, slots, ns(now));
    if (expected > word) ledger_->trust(server, ns(now + Ledger::kTrust));
    return std::max(word, expected);
  });
}

}  // namespace finishline::ledger
