#include "lb/ledger/revision.h"

#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

RevisionStatus revision_status(const Ledger& ledger) {
  const Layout& layout = ledger.layout();
  return {layout.revision.load(kRelaxed), layout.reloads_refused.load(kRelaxed)};
}

void revision_in_force(Ledger& ledger, std::uint32_t revision) {
  ledger.layout().revision.store(revision, kRelaxed);
}

void count_refused_reload(Ledger& ledger) { ledger.layout().reloads_refused.add(1); }

void confirm_revision(Ledger& ledger, WorkerId worker, std::uint32_t revision) {
  ledger.layout().worker(worker).revision.store(
      revision, std::memory_order_release);  // behind what it holds: row_lease.h
}

}  // namespace finishline::ledger
