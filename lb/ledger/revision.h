// Which configuration runs: numbered from 1, one more with every reload that came into force.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lb/ledger/ledger.h"

namespace finishline::ledger {

struct RevisionStatus {
  std::uint32_t revision = 0;        // in force in every worker; 0: none yet
  std::int64_t reloads_refused = 0;  // reloads that changed nothing
};

/// Any process.
RevisionStatus revision_status(const Ledger& ledger);
/// "3 1", and back; nothing for what is no such text.
std::string to_text(const RevisionStatus& status);
std::optional<RevisionStatus> revision_status_in(std::string_view text);
/// Master: every worker has it in force.
void revision_in_force(Ledger& ledger, std::uint32_t revision);
/// Master: a reload changed nothing.
void count_refused_reload(Ledger& ledger);
/// The worker: it takes connections, or goes on taking them, under this revision.
void confirm_revision(Ledger& ledger, WorkerId worker, std::uint32_t revision);

}  // namespace finishline::ledger
