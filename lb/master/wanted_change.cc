#include "lb/master/wanted_change.h"

#include "lb/ledger/revision.h"
#include "lb/log/log.h"
#include "lb/master/drain_notice.h"
#include "lb/process/order.h"

namespace finishline::master {

using process::Order;

void tell_begun(Order::Kind kind, std::uint32_t asked, const ledger::Ledger& ledger,
                const Children& children) {
  if (asked == 0) return;
  children.order_control(
      {.kind = kind, .revision = asked, .text = ledger::to_text(ledger::revision_status(ledger))});
}

void refuse_all(WantedChange& wanted, ledger::Ledger& ledger, const Children& children) {
  const std::string reason = std::string(kEnds) + '\n';
  if (wanted.upgrade) {
    log::write(log::Event::upgrade_refused, {{"reason", kEnds}});
    tell_begun(Order::Kind::upgrade, *wanted.upgrade, ledger, children);
  }
  if (wanted.reload) {
    log::write(log::Event::reload_refused, {{"problem", kEnds}});
    tell_begun(Order::Kind::reload, *wanted.reload, ledger, children);
  }
  if (wanted.overlay)
    children.order_control(
        {.kind = Order::Kind::overlay_refused, .revision = wanted.overlay->revision, .text = reason});
  if (wanted.upgrade || wanted.reload) {
    children.order_control({.kind = Order::Kind::refused, .text = reason});
    ledger::count_refused_reload(ledger);
  }
  wanted = {};
}

}  // namespace finishline::master
