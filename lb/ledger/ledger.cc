#include "lb/ledger/ledger.h"

#include <algorithm>
#include <utility>

#include "lb/ledger/demand.h"
#include "lb/ledger/layout.h"
#include "lb/ledger/row_lease.h"
#include "lb/ledger/slot_leases.h"
#include "lb/ledger/source_table.h"
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

std::variant<Ledger, std::string> Ledger::create(const Sizes& wanted) {
  auto made = Mapping::create(wanted);
  if (auto* why = std::get_if<std::string>(&made)) return std::move(*why);
  return Ledger(std::move(std::get<Mapping>(made)));
}

std::variant<Ledger, std::string> Ledger::adopt(int fd, const Sizes& wanted) {
  auto adopted = Mapping::adopt(fd, wanted);
  if (auto* why = std::get_if<std::string>(&adopted)) return std::move(*why);
  return Ledger(std::move(std::get<Mapping>(adopted)));
}

const Sizes& Ledger::sizes() const { return layout().sizes; }

Instant Ledger::created_at() const { return Instant(Nanos(layout().created_at)); }

// --- servers -----------------------------------------------------------------------------------------

std::optional<ServerId> Ledger::find_server(std::string_view name) const {
  for (ServerId id = 0; id < server_count(); ++id)
    if (server_name(id) == name) return id;
  return std::nullopt;
}

std::optional<ServerId> Ledger::ensure_server(std::string_view name, std::uint32_t slots) {
  if (name.empty() || name.size() > kMaxServerName) return std::nullopt;
  auto id = find_server(name);
  if (!id) id = allocate_row(*this, name);
  if (id) renew_server(*id, slots);
  return id;
}

void Ledger::renew_server(ServerId server, std::uint32_t slots) {
  set_slots(server, slots);
  if (state(server) == ServerState::absent) appear(server);
}

void Ledger::appear(ServerId server) { set_state(server, effective_state(admin(server), health(server))); }

void Ledger::set_slots(ServerId server, std::uint32_t slots) {
  layout().server(server).slots.store(std::max(slots, 1U), kRelaxed);
}

std::uint32_t Ledger::server_count() const { return layout().server_count.load(kAcquire); }

std::string_view Ledger::server_name(ServerId server) const {
  const ServerRow& row = layout().server(server);
  return {row.name.data(), std::min<std::size_t>(row.name_bytes.load(kAcquire), row.name.size())};
}

std::uint32_t Ledger::slots(ServerId server) const { return layout().server(server).slots.load(kRelaxed); }

ServerState Ledger::state(ServerId server) const {
  return static_cast<ServerState>(layout().states()[server].load(kRelaxed));
}

void Ledger::set_state(ServerId server, ServerState state) {
  layout().states()[server].store(static_cast<std::uint8_t>(state), kRelaxed);
}

void Ledger::set_kind(ServerId server, ServerKind kind) {
  layout().server(server).kind.store(static_cast<std::uint8_t>(kind), kRelaxed);
}

ServerKind Ledger::kind(ServerId server) const {
  return static_cast<ServerKind>(layout().server(server).kind.load(kRelaxed));
}

// --- health and administration: one writer, the control process ----------------------------------------

sched::Health Ledger::health(ServerId server) const {
  return static_cast<sched::Health>(layout().server(server).health.load(kRelaxed));
}

void Ledger::set_health(ServerId server, sched::Health health) {
  layout().server(server).health.store(static_cast<std::uint8_t>(health), kRelaxed);
  write_state(server);
}

sched::HealthNotes Ledger::health_notes(ServerId server) const {
  const HealthCells& cells = layout().server(server).notes;
  const auto at = [](const Cell<std::int64_t>& cell) { return Instant(Nanos(cell.load(kRelaxed))); };
  return {.check_state = cells.check_state.load(kRelaxed),
          .checks_in_a_row = cells.checks_in_a_row.load(kRelaxed),
          .breaker_state = cells.breaker_state.load(kRelaxed),
          .failed_in_a_row = cells.failed_in_a_row.load(kRelaxed),
          .doublings = cells.doublings.load(kRelaxed),
          .open_until = at(cells.open_until),
          .calm_since = at(cells.calm_since),
          .back_since = at(cells.back_since),
          .next_check_at = at(cells.next_check_at)};
}

void Ledger::set_health_notes(ServerId server, const sched::HealthNotes& notes) {
  HealthCells& cells = layout().server(server).notes;
  cells.check_state.store(notes.check_state, kRelaxed);
  cells.checks_in_a_row.store(notes.checks_in_a_row, kRelaxed);
  cells.breaker_state.store(notes.breaker_state, kRelaxed);
  cells.failed_in_a_row.store(notes.failed_in_a_row, kRelaxed);
  cells.doublings.store(notes.doublings, kRelaxed);
  cells.open_until.store(ns(notes.open_until), kRelaxed);
  cells.calm_since.store(ns(notes.calm_since), kRelaxed);
  cells.back_since.store(ns(notes.back_since), kRelaxed);
  cells.next_check_at.store(ns(notes.next_check_at), kRelaxed);
}

AdminState Ledger::admin(ServerId server) const {
  return static_cast<AdminState>(layout().server(server).admin.load(kRelaxed));
}

void Ledger::set_admin(ServerId server, AdminState admin) {
  layout().server(server).admin.store(static_cast<std::uint8_t>(admin), kRelaxed);
  write_state(server);
}

void Ledger::write_state(ServerId server) {
  if (state(server) != ServerState::absent) set_state(server, effective_state(admin(server), health(server)));
}

void Ledger::allow_trial(ServerId server) { layout().server(server).trial.store(1, kRelaxed); }

bool Ledger::trial_taken(ServerId server) const { return layout().server(server).trial.load(kRelaxed) == 0; }

bool Ledger::gives_work(ServerId server, ServerState state) const {
  if (state == ServerState::half_open) return !trial_taken(server);
  return takes_work(state);
}

bool Ledger::take_trial(ServerId server) {
  std::uint32_t allowed = 1;
  return layout().server(server).trial.compare_exchange(allowed, 0);
}

double Ledger::share(ServerId server) const {
  return std::max(layout().server(server).share.load(kRelaxed), 1U) / 1000.0;
}

void Ledger::set_share(ServerId server, double share) {
  layout().server(server).share.store(static_cast<std::uint32_t>(share * 1000), kRelaxed);
}

std::int64_t Ledger::ejections(ServerId server) const {
  return layout().server(server).ejections.load(kRelaxed);
}

std::int64_t Ledger::check_failures(ServerId server) const {
  return layout().server(server).check_failures.load(kRelaxed);
}

void Ledger::count_ejection(ServerId server) { layout().server(server).ejections.add(1); }

void Ledger::count_check_failure(ServerId server) { layout().server(server).check_failures.add(1); }

// --- reading -----------------------------------------------------------------------------------------

std::int64_t Ledger::finish_word(ServerId server) const {
  return layout().finish_words()[server].load(kAcquire);  // sees the rows of all who moved it: layout.h
}

std::int64_t Ledger::finish_at(ServerId server, std::int64_t word, Instant now) const {
  if (word == kIdle) return ns(now);
  if (word > ns(now)) return word;
  return late_finish(word, books(server), slots(server), ns(now));
}

ServerBooks Ledger::books(ServerId server) const { return layout().sum_books(server); }

// --- setting right -----------------------------------------------------------------------------------

void Ledger::audit(Instant now) {
  for (ServerId server = 0; server < server_count(); ++server) {
    if (kind(server) == ServerKind::streams) continue;  // its word is no time
    hold_to_books(server, now);
    wake(server, now);
  }
}

/// The word that the books support at most, given the one that stands there.
std::int64_t Ledger::supported(ServerId server, std::int64_t seen, Instant now) const {
  if (seen > ns(now) && layout().server(server).trusted_until.load(kRelaxed) > ns(now)) return seen;
  const ServerBooks sum = books(server);
  if (sum.in_flight == 0) return kIdle;
  return std::min(seen, latest_finish(sum, slots(server), ns(now)));
}

// No tolerance for bookings that are under way is needed: they raise their row before they move the word,
// so either the sum has them, or they move the word first and this exchange fails.
void Ledger::hold_to_books(ServerId server, Instant now) {
  auto& word = layout().finish_words()[server];
  std::int64_t seen = word.load(kAcquire);
  for (int tries = 0; tries < kTries && seen != kIdle; ++tries) {
    const std::int64_t right = supported(server, seen, now);
    if (right == seen || word.compare_exchange(seen, right)) return;
  }
}

// Idle with requests in flight: a booking that is under way, which then decides again; or somebody read the
// word, was held up, and the word came back to the same nanosecond behind its back.
void Ledger::wake(ServerId server, Instant now) {
  auto& word = layout().finish_words()[server];
  std::int64_t seen = word.load(kAcquire);
  const ServerBooks sum = books(server);
  if (seen == kIdle && sum.in_flight > 0)
    word.compare_exchange(seen, latest_finish(sum, slots(server), ns(now)));
}

void Ledger::hear_backlog(ServerId server, Nanos told, Nanos span, Instant now) {
  auto& word = layout().finish_words()[server];
  std::int64_t seen = word.load(kAcquire);
  for (int tries = 0; tries < kTries; ++tries) {
    const ServerBooks sum = books(server);
    if (!tells_more(sum, slots(server), told)) {
      if (sum.in_flight == 0) trust(server, 0);
      return;
    }
    trust(server, ns(now + span));
    if (word.compare_exchange(seen, told_finish(seen, sum, slots(server), told, ns(now)))) return;
  }
}

void Ledger::trust(ServerId server, std::int64_t until) {
  auto& cell = layout().server(server).trusted_until;
  if (cell.load(kRelaxed) != until) cell.store(until, kRelaxed);  // mostly 0: the line stays shared
}

void Ledger::reclaim_books(WorkerId worker, Instant now) {
  for (ServerId server = 0; server < server_count(); ++server) {
    PairRow& row = layout().pair(worker, server);
    row.in_flight.store(0, kRelaxed);
    row.owed.store(0, kRelaxed);
    if (kind(server) == ServerKind::streams) continue;
    trust(server, 0);  // the dead may have moved the word with its row as it was: believe the books alone
    hold_to_books(server, now);
  }
  withdraw_demand(layout(), worker);
}

void Ledger::reclaim(WorkerId worker, Instant now) {
  reclaim_books(worker, now);
  for (ServerId server = 0; server < server_count(); ++server) {
    layout().pair(worker, server).held.store(0, kRelaxed);
    withdraw_slots(layout(), worker, server);
  }
  layout().call(worker).called.store(0, kRelaxed);
  const std::uint32_t pools = layout().pool_count.load(kAcquire);
  for (LineId line = 0; line < pools; ++line) layout().first_waiting(line, worker).store(0, kRelaxed);
  layout().first_waiting(kAcceptLine, worker).store(0, kRelaxed);
  SourceTable::reclaim(layout(), worker);
}

}  // namespace finishline::ledger
