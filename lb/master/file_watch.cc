#include "lb/master/file_watch.h"

#include <utility>
#include <vector>

#include "lb/log/log.h"

namespace finishline::master {
namespace {

constexpr Nanos kLookInterval = 1s;

}  // namespace

void FileWatch::look(const ListenSockets& sockets, const config::Config& config, ledger::Ledger& ledger,
                     process::StateLock& state, Instant now) {
  if (now < next_look_) return;
  next_look_ = now + kLookInterval;
  look_at(sockets);
  ledger::tell_lost(ledger, sockets.lost_of(config));
  look_at(state);
}

void FileWatch::look_at(process::StateLock& state) {
  auto fault = state.renew();
  if (fault && fault != state_fault_) log::write(log::Event::state_shared, {{"reason", *fault}});
  state_fault_ = std::move(fault);
}

void FileWatch::look_at(const ListenSockets& sockets) {
  const std::vector<std::string> places = sockets.lost();
  std::set<std::string> lost(places.begin(), places.end());
  for (const std::string& place : lost) {
    if (lost_.contains(place)) continue;
    const bool given = sockets.given().contains(place);
    log::write(log::Event::socket_file_lost,
               {{"place", place},
                {"remedy", given ? "the service manager has made it: restart its socket unit and the proxy"
                                 : "finishline reload makes it anew"}});
  }
  for (const std::string& place : lost_)
    if (!lost.contains(place)) log::write(log::Event::socket_file_back, {{"place", place}});
  lost_ = std::move(lost);
}

}  // namespace finishline::master
