#include "lb/master/peer_change.h"

#include <utility>

#include "lb/config/source.h"
#include "lb/ledger/nodes.h"
#include "lb/log/log.h"
#include "lb/master/clock.h"
#include "lb/process/order.h"

namespace finishline::master {
namespace {

constexpr Nanos kPeerGrace = 2s;  // for one that is to end, or to take a change

/// Of two [peers], whether who runs by one can go on by the other.
bool same_to_others(config::Peers a, const config::Peers& b) {
  a.sync_interval = b.sync_interval;
  a.silence = b.silence;
  return a == b;
}

}  // namespace

PeerChange::PeerChange(const ledger::Ledger& ledger, Children& children)
    : ledger_(ledger), children_(children), told_(Role::peer, kPeerGrace, children) {}

void PeerChange::plan(const Generation& running, const Generation& wanted) {
  planned_.clear();
  if (!same_server_credentials(running, wanted.config)) planned_ = "certificates are others";
  if (running.heritage.peers_password.text != wanted.heritage.peers_password.text)
    planned_ = "the password of redis is another one";
  if (!same_to_others(running.config.peers, wanted.config.peers)) planned_ = "[peers] is another one";
}

void PeerChange::begin(const Generation& generation) {
  const std::string older = std::exchange(older_, {}), planned = std::exchange(planned_, {});
  ChildTable& table = children_.table();
  if (!generation.config.peers.on()) {
    if (table.leave(Role::peer, now() + kPeerGrace) != 0) children_.drain(Role::peer);
  } else if (!table.has(Role::peer)) {
    table.add(Role::peer, 0, now());
  } else if (!older.empty() || !planned.empty()) {
    renew(older.empty() ? planned : older);
  } else {
    told_.told(children_.order(Role::peer, {.kind = process::Order::Kind::change,
                                            .revision = generation.heritage.revision,
                                            .text = config::to_bytes(generation.source)}));
  }
}

void PeerChange::renew(const std::string& why) {
  if (children_.table().renew(Role::peer, now() + kPeerGrace) == 0) return;
  log::write(log::Event::peer_renewed, {{"reason", why}});
  children_.drain(Role::peer);
}

bool PeerChange::behind(const Generation& generation) const {
  if (children_.table().leaving(Role::peer)) return true;
  return generation.config.peers.on() &&
         told_.behind(ledger::engine_status(ledger_).revision, generation.heritage.revision);
}

void PeerChange::hurry(const Generation& generation) {
  if (generation.config.peers.on())
    told_.hurry(ledger::engine_status(ledger_).revision, generation.heritage.revision);
}

}  // namespace finishline::master
