#include "lb/master/told_child.h"

#include <algorithm>

#include "lb/log/log.h"
#include "lb/master/clock.h"

namespace finishline::master {

void ToldChild::told(bool reached) { told_at_ = reached ? now() : Instant{}; }

bool ToldChild::behind(std::uint32_t confirmed, std::uint32_t revision) const {
  return children_.table().any_running(role_) && !children_.table().renewing() && confirmed != revision;
}

void ToldChild::hurry(std::uint32_t confirmed, std::uint32_t revision) {
  const Instant since = std::max(told_at_, children_.table().started_at(role_));
  if (!behind(confirmed, revision) || now() - since <= patience_) return;
  log::write(log::Event::worker_killed, {{"child", name_of(role_)}, {"reason", "it did not take a reload"}});
  children_.kill(role_);
  told_at_ = now();
}

}  // namespace finishline::master
