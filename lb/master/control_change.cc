#include "lb/master/control_change.h"

#include <utility>

#include "lb/config/source.h"
#include "lb/ledger/control_status.h"
#include "lb/master/clock.h"
#include "lb/process/order.h"
#include "lb/process/secret.h"

namespace finishline::master {
namespace {

constexpr Nanos kControlGrace = 5s;  // for one that is to end, or to take a change

}  // namespace

ControlChange::ControlChange(const ledger::Ledger& ledger, Children& children)
    : ledger_(ledger), children_(children), told_(Role::control, kControlGrace, children) {}

void ControlChange::begin(const Generation& generation) {
  if (std::exchange(older_, false)) return renew();
  const process::Heritage& heritage = generation.heritage;
  const bool told = tell_secret(process::Order::Kind::token, heritage.admin_token) &&
                    tell_secret(process::Order::Kind::webhook_secret, heritage.alert_secrets.webhook) &&
                    tell_secret(process::Order::Kind::mail_password, heritage.alert_secrets.mail) &&
                    children_.order_control({.kind = process::Order::Kind::change,
                                             .revision = generation.heritage.revision,
                                             .text = config::to_bytes(generation.source)});
  told_.told(told);
}

bool ControlChange::tell_secret(process::Order::Kind kind, const process::Secret& secret) {
  process::Order order{.kind = kind, .text = secret.text};
  const bool told = children_.order_control(order);
  process::wipe(order.text);
  return told;
}

bool ControlChange::behind(const Generation& generation) const {
  return told_.behind(ledger::control_status(ledger_).revision, generation.heritage.revision);
}

void ControlChange::hurry(const Generation& generation) {
  told_.hurry(ledger::control_status(ledger_).revision, generation.heritage.revision);
}

/// It writes the health of servers, so the old one has to end before the new one starts.
void ControlChange::renew() {
  if (children_.table().renew_control(now() + kControlGrace) != 0) children_.drain_control();
}

}  // namespace finishline::master
