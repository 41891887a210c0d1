#include "lb/control/kept_tallies.h"

#include "lb/ledger/control_tallies.h"

namespace finishline::control {
namespace {

using ledger::MessageTally;

static_assert(http::kRefused <= ledger::kRefusalTallies);

void keep_channel(ledger::Ledger& ledger, NotificationChannel& channel, MessageTally sent,
                  MessageTally failed) {
  channel.go_on_from(messages(ledger, sent), messages(ledger, failed),
                     [&ledger, sent, failed](bool good) { count_message(ledger, good ? sent : failed); });
}

}  // namespace

void keep_tallies(ledger::Ledger& ledger, http::RefusalCounts& refusals, Notifier& notifier) {
  http::RefusalCounts::Counts before{};
  for (std::size_t i = 0; i < before.size(); ++i) before[i] = ledger::refusals(ledger, i);
  refusals.go_on_from(before, [&ledger](http::Refused reason) {
    ledger::count_refusal(ledger, static_cast<std::size_t>(reason));
  });
  keep_channel(ledger, notifier.webhook(), MessageTally::webhook_sent, MessageTally::webhook_failed);
  keep_channel(ledger, notifier.mail(), MessageTally::mail_sent, MessageTally::mail_failed);
}

}  // namespace finishline::control
