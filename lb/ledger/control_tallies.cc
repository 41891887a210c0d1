#include "lb/ledger/control_tallies.h"

#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

void count_refusal(Ledger& ledger, std::size_t reason) { ledger.layout().control.refusals[reason].add(1); }

std::int64_t refusals(const Ledger& ledger, std::size_t reason) {
  return ledger.layout().control.refusals[reason].load(kRelaxed);
}

void count_message(Ledger& ledger, MessageTally what) {
  ledger.layout().control.messages[static_cast<std::size_t>(what)].add(1);
}

std::int64_t messages(const Ledger& ledger, MessageTally what) {
  return ledger.layout().control.messages[static_cast<std::size_t>(what)].load(kRelaxed);
}

}  // namespace finishline::ledger
