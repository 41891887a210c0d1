#include "lb/control/elsewhere.h"

#include <algorithm>

#include "lb/ledger/scaled_server.h"
#include "lb/sched/hash.h"

namespace finishline::control {

using ledger::ScaledWish;

namespace {

ScaledWish wish_of(const ledger::Ledger& ledger, const ScaleMember& member) {
  return ledger::scaled_server(ledger, member.row).wish;
}

bool stands_elsewhere(const ScalePool& pool, const ScaleMember& member) {
  return !member.scaled && pool.elsewhere[member.kind];
}

}  // namespace

std::uint64_t up_order_of(const ScalePool& pool, std::size_t kind) {
  return sched::identity_of(pool.name + "/up/" + pool.types[kind]) | 1U;
}

std::optional<std::size_t> kind_ordered(const ScalePool& pool, const ledger::UpOrder& order) {
  for (std::size_t kind = 0; kind < pool.kinds.size(); ++kind)
    if (pool.elsewhere[kind] && up_order_of(pool, kind) == order.what) return kind;
  return std::nullopt;
}

std::uint32_t count_on_their_way(const ledger::Ledger& ledger, const ScalePool& pool, std::size_t kind) {
  const auto orders = ledger::up_orders(ledger);
  return static_cast<std::uint32_t>(std::ranges::count_if(
      orders, [&](const ledger::UpOrder& order) { return kind_ordered(pool, order) == kind; }));
}

void note_elsewhere(ledger::Ledger& ledger, const ScalePool& pool, const std::vector<bool>& untried) {
  const auto answers = [&](ledger::ServerId row) {
    return takes_work(ledger.state(row)) && !(row < untried.size() && untried[row]);
  };
  for (const ScaleMember& member : pool.members)
    if (stands_elsewhere(pool, member) && wish_of(ledger, member) == ScaledWish::none && answers(member.row))
      ledger::want_scaled(ledger, member.row, ScaledWish::wanted);
}

std::vector<std::string> off_elsewhere(const ledger::Ledger& ledger, const ScalePool& pool) {
  std::vector<std::string> names;
  for (const ScaleMember& member : pool.members)
    if (stands_elsewhere(pool, member) && wish_of(ledger, member) == ScaledWish::none &&
        ledger.health(member.row) == sched::Health::down)
      names.push_back(member.name);
  return names;
}

}  // namespace finishline::control
