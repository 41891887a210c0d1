#include "lb/ledger/row_lease.h"

#include <algorithm>

#include "lb/ledger/latencies.h"
#include "lb/ledger/layout.h"
#include "lb/ledger/learned_costs.h"
#include "lb/ledger/scaled_server.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

template <class Cells>
void clear(Cells& cells) {
  for (auto& cell : cells) cell.store(0, kRelaxed);
}

/// What the last server of this row has left. Relaxed: those who will read it learn of the row later, from
/// the fork or an order.
void clear_row(Ledger& ledger, ServerId server) {
  Layout& layout = ledger.layout();
  ServerRow& row = layout.server(server);
  row.name_bytes.store(0, std::memory_order_release);  // the name goes first: nobody finds half of one
  row.trusted_until.store(0, kRelaxed);
  row.admin.store(0, kRelaxed);
  row.told_admin.store(0, kRelaxed);
  row.health.store(0, kRelaxed);
  row.trial.store(0, kRelaxed);
  row.share.store(0, kRelaxed);
  row.ejections.store(0, kRelaxed);
  row.check_failures.store(0, kRelaxed);
  ledger.set_health_notes(server, {});
  ScaledCells& scaled = row.scaled;
  for (auto* const flag : {&scaled.reserved, &scaled.wish, &scaled.life}) flag->store(0, kRelaxed);
  for (auto* const count : {&scaled.port, &scaled.starts, &scaled.deaths, &scaled.ends, &scaled.give_ups})
    count->store(0, kRelaxed);
  scaled.pid.store(0, kRelaxed);
  layout.finish_words()[server].store(kIdle, kRelaxed);
  forget_costs(ledger, server);
  forget_server_latencies(ledger, server);
  const WorkerId limit = layout.worker_limit.load(std::memory_order_acquire);
  for (WorkerId worker = 0; worker < limit; ++worker) {
    clear(layout.pair(worker, server).counters);
    clear(layout.pair_counts(worker, server).served);
    clear(layout.pair_counts(worker, server).failed);
  }
}

std::optional<ServerId> free_row(const Ledger& ledger, RowSearch& search) {
  const std::uint32_t count = ledger.server_count();
  if (count < ledger.sizes().max_servers) return count;
  while (search < count)
    if (const ServerId id = search++; is_free(ledger, id)) return id;
  return std::nullopt;
}

}  // namespace

void acquire_rows(Ledger& ledger, WorkerId worker, std::span<const ServerId> servers) {
  for (const ServerId server : servers) ledger.layout().pair(worker, server).held.store(1, kRelaxed);
}

bool is_leased(const Ledger& ledger, ServerId server) {
  const Layout& layout = ledger.layout();
  bool held = false;
  layout.each_writer([&](WorkerId writer) {  // acquire: sees all that it wrote before it let go
    held |= layout.pair(writer, server).held.load(std::memory_order_acquire) != 0;
  });
  return held;
}

bool is_free(const Ledger& ledger, ServerId server) {
  return ledger.state(server) == ServerState::absent && !is_leased(ledger, server) &&
         !scaled_server(ledger, server).reserved;
}

std::optional<ServerId> allocate_row(Ledger& ledger, std::string_view name) {
  RowSearch search = 0;
  return allocate_row(ledger, name, search);
}

std::optional<ServerId> allocate_row(Ledger& ledger, std::string_view name, RowSearch& search) {
  const auto id = free_row(ledger, search);
  if (!id) return std::nullopt;
  Layout& layout = ledger.layout();
  ServerRow& row = layout.server(*id);
  if (*id < ledger.server_count()) clear_row(ledger, *id);
  std::ranges::copy(name, row.name.begin());
  row.name_bytes.store(static_cast<std::uint32_t>(name.size()), std::memory_order_release);
  layout.server_count.store(std::max(ledger.server_count(), *id + 1), std::memory_order_release);
  return id;
}

}  // namespace finishline::ledger
