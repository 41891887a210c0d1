#include "lb/master/control_change.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "lb/config/source.h"
#include "lb/ledger/control_status.h"
#include "lb/log/log.h"
#include "lb/master/clock.h"
#include "lb/process/order.h"
#include "lb/process/secret.h"

namespace finishline::master {
namespace {

constexpr Nanos kControlGrace = 5s;  // for one that is to end, or to take a change

}  // namespace

void ControlChange::begin(const Generation& generation) {
  told_at_ = now();
  if (std::exchange(older_, false)) return renew();
  const process::Heritage& heritage = generation.heritage;
  const bool told = tell_secret(process::Order::Kind::token, heritage.admin_token) &&
                    tell_secret(process::Order::Kind::webhook_secret, heritage.alert_secrets.webhook) &&
                    tell_secret(process::Order::Kind::mail_password, heritage.alert_secrets.mail) &&
                    children_.order_control({.kind = process::Order::Kind::change,
                                             .revision = generation.heritage.revision,
                                             .text = config::to_bytes(generation.source)});
  if (!told) told_at_ = {};  // long ago: it is not waited for
}

bool ControlChange::tell_secret(process::Order::Kind kind, const process::Secret& secret) {
  process::Order order{.kind = kind, .text = secret.text};
  const bool told = children_.order_control(order);
  process::wipe(order.text);
  return told;
}

bool ControlChange::behind(const Generation& generation) const {
  return children_.table().control() != 0 && !children_.table().renewing() &&
         ledger::control_status(ledger_).revision != generation.heritage.revision;
}

void ControlChange::hurry(const Generation& generation) {
  const Instant since = std::max(told_at_, children_.table().control_started_at());
  if (!behind(generation) || now() - since <= kControlGrace) return;
  log::write(log::Event::worker_killed, {{"child", "control"}, {"reason", "it did not take a reload"}});
  ::kill(children_.table().control(), SIGKILL);
  told_at_ = now();
}

/// It writes the health of servers, so the old one has to end before the new one starts.
void ControlChange::renew() {
  if (children_.table().renew_control(now() + kControlGrace) != 0) children_.drain_control();
}

}  // namespace finishline::master
