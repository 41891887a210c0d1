#include "lb/ledger/revision.h"

#include <charconv>

#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

RevisionStatus revision_status(const Ledger& ledger) {
  const Layout& layout = ledger.layout();
  return {layout.revision.load(kRelaxed), layout.reloads_refused.load(kRelaxed)};
}

std::string to_text(const RevisionStatus& status) {
  return std::to_string(status.revision) + ' ' + std::to_string(status.reloads_refused);
}

std::optional<RevisionStatus> revision_status_in(std::string_view text) {
  RevisionStatus status;
  const char* const end = text.data() + text.size();
  const auto revision = std::from_chars(text.data(), end, status.revision);
  if (revision.ec != std::errc() || revision.ptr == end || *revision.ptr != ' ') return std::nullopt;
  const auto refused = std::from_chars(revision.ptr + 1, end, status.reloads_refused);
  if (refused.ec != std::errc() || refused.ptr != end) return std::nullopt;
  return status;
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
