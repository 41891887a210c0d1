// What control counts and nobody else: kept here, so that the counters go on in the control process after it.
// Written by control alone; any process reads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lb/ledger/control_row.h"
#include "lb/ledger/ledger.h"

namespace finishline::ledger {

/// What became of a message about an alert.
enum class MessageTally : std::uint8_t { webhook_sent, webhook_failed, mail_sent, mail_failed };

/// Those that the admin server has refused for a reason: the number of its row in lb/http/refusals.def, below
/// kRefusalTallies.
void count_refusal(Ledger& ledger, std::size_t reason);
std::int64_t refusals(const Ledger& ledger, std::size_t reason);

void count_message(Ledger& ledger, MessageTally what);
std::int64_t messages(const Ledger& ledger, MessageTally what);

}  // namespace finishline::ledger
