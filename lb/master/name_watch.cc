#include "lb/master/name_watch.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "lb/log/log.h"

namespace finishline::master {
namespace {

constexpr Nanos kMissingInterval = 5s;  // from look to look at most, while a name has no address

}  // namespace

void NameWatch::plan(const config::Source& source, Nanos interval, Instant now) {
  stop();
  bool any = false, missing = false;
  for (const auto& [name, addresses] : source.names) {
    any |= name.use == config::Use::connect;
    missing |= name.use == config::Use::connect && std::holds_alternative<std::string>(addresses);
  }
  if (any && interval > 0ns)
    next_look_ = now + (missing ? std::min<Nanos>(interval, kMissingInterval) : interval);
}

Nanos NameWatch::until_due(Instant now) const {
  return std::max<Nanos>(0ns, std::min<Nanos>(next_look_ - now, 3600s));
}

void NameWatch::tell_of_left_out(config::LeftOut left_out) {
  for (const auto& [name, count] : left_out) {
    if (const auto told = left_out_.find(name); told != left_out_.end() && told->second == count) continue;
    log::write(log::Event::addresses_left_out,
               {{"name", name}, {"addresses", count}, {"remedy", "raise proxy.max_servers and restart"}});
  }
  left_out_ = std::move(left_out);
}

void tell_of_unresolved(const config::Config& config) {
  for (const config::Server& server : config.servers) {
    if (server.unresolved.empty()) continue;
    log::write(log::Event::server_unresolved, {{"server", server.name}, {"reason", server.unresolved}});
  }
}

}  // namespace finishline::master
