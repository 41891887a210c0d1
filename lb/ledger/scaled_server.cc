#include "lb/ledger/scaled_server.h"

#include <array>

#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

void enter(ScaledCells& cells, ScaledLife life, Instant now) {
  cells.since.store(now.time_since_epoch().count(), kRelaxed);
  cells.life.store(static_cast<std::uint8_t>(life), kRelaxed);
}

}  // namespace

std::string_view name_of(ScaledLife life) {
  constexpr std::array<std::string_view, 5> kNames{"none", "running", "ending", "backing_off", "given_up"};
  return kNames[static_cast<std::size_t>(life)];
}

ScaledServer scaled_server(const Ledger& ledger, ServerId server) {
  const ScaledCells& cells = ledger.layout().server(server).scaled;
  const std::uint16_t port = scaled_port(ledger, server);
  return {.reserved = cells.reserved.load(kRelaxed) != 0,
          .wish = static_cast<ScaledWish>(cells.wish.load(kRelaxed)),
          .life = static_cast<ScaledLife>(cells.life.load(kRelaxed)),
          .port = port,
          .pid = cells.pid.load(kRelaxed),
          .since = Instant(Nanos(cells.since.load(kRelaxed))),
          .starts = cells.starts.load(kRelaxed),
          .deaths = cells.deaths.load(kRelaxed),
          .ends = cells.ends.load(kRelaxed),
          .give_ups = cells.give_ups.load(kRelaxed)};
}

std::uint16_t scaled_port(const Ledger& ledger, ServerId server) {
  return static_cast<std::uint16_t>(
      ledger.layout().server(server).scaled.port.load(std::memory_order_acquire));
}

void want_scaled(Ledger& ledger, ServerId server, ScaledWish wish) {
  ledger.layout().server(server).scaled.wish.store(static_cast<std::uint8_t>(wish), kRelaxed);
}

void leave_elsewhere(Ledger& ledger, ServerId server, Instant now) {
  ScaledCells& cells = ledger.layout().server(server).scaled;
  cells.since.store(now.time_since_epoch().count(), kRelaxed);
  cells.wish.store(static_cast<std::uint8_t>(ScaledWish::leaving), std::memory_order_release);
}

void reserve_scaled(Ledger& ledger, ServerId server, bool reserved) {
  ScaledCells& cells = ledger.layout().server(server).scaled;
  cells.reserved.store(reserved ? 1 : 0, kRelaxed);
  if (!reserved) cells.wish.store(0, kRelaxed);
}

void scaled_started(Ledger& ledger, ServerId server, std::uint16_t port, std::int32_t pid, Instant now) {
  ScaledCells& cells = ledger.layout().server(server).scaled;
  cells.pid.store(pid, kRelaxed);
  cells.starts.add(1);
  enter(cells, ScaledLife::running, now);
  cells.port.store(port, std::memory_order_release);
}

void scaled_ending(Ledger& ledger, ServerId server, Instant now) {
  enter(ledger.layout().server(server).scaled, ScaledLife::ending, now);
}

void scaled_resting(Ledger& ledger, ServerId server, Instant now) {
  enter(ledger.layout().server(server).scaled, ScaledLife::none, now);
}

void scaled_ended(Ledger& ledger, ServerId server, bool asked, ScaledLife after, Instant now) {
  ledger.set_state(server, ServerState::absent);
  ScaledCells& cells = ledger.layout().server(server).scaled;
  (asked ? cells.ends : cells.deaths).add(1);
  if (after == ScaledLife::given_up) cells.give_ups.add(1);
  cells.pid.store(0, kRelaxed);
  enter(cells, after, now);
  cells.port.store(0, std::memory_order_release);
}

}  // namespace finishline::ledger
