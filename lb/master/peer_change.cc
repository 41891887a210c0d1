#include "lb/master/peer_change.h"

#include "lb/master/clock.h"

namespace finishline::master {
namespace {

constexpr Nanos kPeerGrace = 2s;  // for one that is to end

}  // namespace

void PeerChange::begin(const Generation& generation) {
  ChildTable& table = children_.table();
  if (!generation.config.peers.on()) {
    if (table.leave(Role::peer, now() + kPeerGrace) != 0) children_.drain(Role::peer);
  } else if (!table.has(Role::peer)) {
    table.add(Role::peer, 0, now());
  } else if (table.renew(Role::peer, now() + kPeerGrace) != 0) {
    children_.drain(Role::peer);
  }
}

}  // namespace finishline::master
