#include "lb/worker/link_table.h"

#include <algorithm>
#include <tuple>

namespace finishline::worker {

void LinkTable::replace_pool(std::size_t pool, std::size_t members) {
  for (Link& link : links_)
    if (link.pool == pool) link.member = Link::kSpare;
  members_[pool].assign(members, {});
}

LinkId LinkTable::add(std::size_t pool, ledger::ServerId server, LinkPort& port) {
  const auto found = free_ > 0 ? std::ranges::find(links_, nullptr, &Link::port) : links_.end();
  const auto link = static_cast<LinkId>(found - links_.begin());
  if (found == links_.end()) {
    links_.emplace_back();
  } else {
    --free_;
  }
  links_[link] = {.port = &port,
                  .pool = static_cast<std::uint16_t>(pool),
                  .server = server,
                  .most_unanswered = port.most_unanswered(),
                  .pace = sched::LinkPace(port.in_order())};
  return link;
}

void LinkTable::assign(LinkId link, std::size_t member) {
  Link& it = links_[link];
  it.member = static_cast<std::uint32_t>(member);
  members_[it.pool][member].links.push_back(link);
  if (it.up) count(it, true);
}

void LinkTable::remove(LinkId link) {
  links_[link] = {};
  ++free_;
}

// --- what the pools know of them ---------------------------------------------------------------------

void LinkTable::set_up(LinkId link) {
  Link& it = links_[link];
  it.up = true;
  it.pace = sched::LinkPace(it.port->in_order());
  if (!it.spare()) count(it, true);  // else its pool may not even be there yet
}

void LinkTable::set_down(LinkId link) {
  Link& it = links_[link];
  if (!it.up) return;
  if (!it.spare()) count(it, false);
  it.up = it.backed_up = it.full = false;
}

void LinkTable::set_backed_up(LinkId link, bool backed_up) {
  links_[link].backed_up = backed_up;
  judge(links_[link]);
}

bool LinkTable::has_too_much(const Link& link) const {
  if (link.unanswered <= link.most_unanswered || link.spare()) return false;
  const RequestPool& pool = *pools_[link.pool];
  return pool.binds_late() && link.queue.size > 2 * pool.members()[link.member].spec.slots;
}

void LinkTable::judge(Link& link) {
  const bool full = link.backed_up || has_too_much(link);
  if (link.full == full) return;
  link.full = full;
  if (!link.up || link.spare()) return;
  members_[link.pool][link.member].full += full ? 1 : -1;
  tell_pool(link);
}

void LinkTable::count(const Link& link, bool up) {
  MemberLinks& member = members_[link.pool][link.member];
  member.up += up ? 1 : -1;
  if (link.full) member.full += up ? 1 : -1;
  tell_pool(link);
}

void LinkTable::tell_pool(const Link& link) {
  const MemberLinks& member = members_[link.pool][link.member];
  RequestPool& pool = *pools_[link.pool];
  const bool was_congested = pool.congested();
  pool.set_reach(link.member, member.up > 0, member.up > 0 && member.full == member.up);
  relief_ |= was_congested && !pool.congested();
}

LinkId LinkTable::least_loaded(std::size_t pool, std::size_t member) const {
  const std::vector<LinkId>& links = members_[pool][member].links;
  if (links.size() == 1) return links.front();
  return *std::ranges::min_element(links, {}, [this](LinkId link) {
    const Link& it = links_[link];
    return std::tuple(!it.up, it.full, it.queue.size);
  });
}

}  // namespace finishline::worker
