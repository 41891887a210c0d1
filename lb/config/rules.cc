#include "lb/config/rules.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <tuple>

#include "lb/config/http_rules.h"
#include "lb/config/parts.h"
#include "lb/config/says_something.h"
#include "lb/config/tls_rules.h"
#include "lb/config/type_rules.h"
#include "lb/forecast/place_clock.h"
#include "lb/sched/policies.h"
#include "proto/joined.h"

namespace finishline::config {
namespace {

template <class S>
void check_unique_names(Draft& draft, std::string_view section, const std::vector<S>& parts) {
  std::map<std::string_view, TextPosition> first;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string key = key_path(section, i, "name");
    const TextPosition* const place = draft.place(key);
    if (place == nullptr) continue;
    const auto [other, is_new] = first.emplace(parts[i].name, *place);
    if (is_new) continue;
    draft.report(key,
                 "'" + parts[i].name + "' is already the name of the " + std::string(section) + " in " +
                     line_text(draft.text, other->second.line),
                 "give each " + std::string(section) + " a name of its own");
  }
}

template <class S>
void check_pool_references(Draft& draft, std::string_view section, const std::vector<S>& parts) {
  std::vector<std::string_view> pools;
  for (const Pool& pool : draft.config.pools) pools.push_back(pool.name);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string key = key_path(section, i, "pool");
    const std::string& name = parts[i].pool;
    if (!draft.given(key) || draft.given("pool." + name)) continue;
    draft.report(key, "there is no pool '" + name + "'",
                 did_you_mean(name, pools, "add a section [pool." + name + "]"));
  }
}

bool serves(const sched::PolicyRow& policy, const Pool& pool) {
  return pool.streams ? policy.streams : policy.frames;
}

std::vector<std::string_view> policies_for(const Pool& pool) {
  std::vector<std::string_view> names;
  for (const sched::PolicyRow& row : sched::policies())
    if (serves(row, pool)) names.push_back(row.name);
  return names;
}

std::string listed(const std::vector<std::string_view>& names) { return "policies: " + joined(names); }

void check_policy(Draft& draft, const Pool& pool) {
  const sched::PolicyRow* const policy = sched::find_choice(pool.policy);
  if (policy != nullptr && serves(*policy, pool)) return;
  std::vector<std::string_view> names = policies_for(pool);
  if (serves(sched::adaptive(), pool)) names.push_back(sched::adaptive().name);
  const std::string key = "pool." + pool.name + ".policy";
  if (policy != nullptr) {
    draft.report(key,
                 "policy '" + pool.policy + "' cannot choose for " +
                     (pool.streams ? "streams, which declare neither type nor length" : "requests"),
                 listed(names));
  } else {
    draft.report(key, "unknown policy '" + pool.policy + "'",
                 did_you_mean(pool.policy, names, listed(names)));
  }
}

void check_candidates(Draft& draft, const Pool& pool) {
  const auto candidates = sched::parse_candidates(pool.candidates);
  const auto* const wrong = std::get_if<std::string>(&candidates);
  if (wrong == nullptr) return;
  const auto names = policies_for(pool);
  draft.report("pool." + pool.name + ".candidates",
               wrong->empty() ? "a name is missing" : "unknown policy '" + *wrong + "'",
               did_you_mean(*wrong, names, listed(names)));
}

bool has_servers(const Draft& draft, std::string_view pool) {
  const auto& servers = draft.config.servers;
  return std::any_of(servers.begin(), servers.end(), [&](const Server& s) { return s.pool == pool; });
}

/// A listener without workers behind it. With no server at all that is said once, by check_presence.
void check_empty_pools(Draft& draft) {
  const auto& listeners = draft.config.listeners;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const std::string& pool = listeners[i].pool;
    if (draft.config.servers.empty() || !draft.given("pool." + pool) || has_servers(draft, pool)) continue;
    draft.report(key_path("listener", i, "pool"), "pool '" + pool + "' has no server",
                 "add a [[server]] with pool = \"" + pool + "\"");
  }
}

/// Keys that would promise what a mini listener cannot do.
void check_mini_listeners(Draft& draft) {
  for (std::size_t i = 0; i < draft.config.listeners.size(); ++i) {
    const Listener& listener = draft.config.listeners[i];
    if (listener.mode != Mode::mini) continue;
    for (const std::string_view name : {"describe", "max_body"}) {
      if (!says_something(listener, Section::listener, name)) continue;
      draft.report(key_path("listener", i, name), "has no meaning in mode mini, where a request is two bytes",
                   "remove it, or set mode = \"frame\"");
    }
  }
}

/// Keys that promise what streams do not have.
template <class S>
void refuse_keys(Draft& draft, const std::string& path, const S& part, Section section,
                 std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (says_something(part, section, name))
      draft.report(path + '.' + name, "has no meaning for streams, whose bytes are not read", "remove it");
}

/// A listener of streams and one of requests cannot share servers: the ones count connections, the others
/// work.
void check_stream_mix(Draft& draft) {
  std::map<std::string_view, std::size_t> first;  // listener by pool
  const auto& listeners = draft.config.listeners;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const auto [other, is_new] = first.emplace(listeners[i].pool, i);
    const Listener& one = listeners[other->second];
    if (is_new || (one.mode == Mode::stream) == (listeners[i].mode == Mode::stream)) continue;
    draft.report(key_path("listener", i, "mode"),
                 "pool '" + one.pool + "' cannot take streams and requests at once: listener '" + one.name +
                     "' is in mode " + std::string(name_of(one.mode)),
                 "give each of the two a pool of its own");
  }
}

void check_stream_parts(Draft& draft) {
  for (std::size_t i = 0; i < draft.config.listeners.size(); ++i) {
    const Listener& listener = draft.config.listeners[i];
    if (listener.mode != Mode::stream) continue;
    const std::string path = key_path("listener", i, "");
    refuse_keys(draft, path, listener, Section::listener,
                {"describe", "max_body", "max_open", "max_buffer", "request_rate", "source_request_rate"});
    if (!listener.speaks_tls() && listener.sni.empty() && listener.proxy_from.empty())
      refuse_keys(draft, path, listener, Section::listener, {"handshake_timeout"});
  }
  for (std::size_t i = 0; i < draft.config.servers.size(); ++i) {
    const Server& server = draft.config.servers[i];
    if (!draft.config.serves_streams(server)) continue;
    refuse_keys(draft, key_path("server", i, ""), server, Section::server,
                {"protocol", "speed", "slots", "links", "max_buffer"});
  }
  for (const Pool& pool : draft.config.pools) {
    if (!pool.streams) continue;
    refuse_keys(draft, "pool." + pool.name, pool, Section::pool,
                {"timeout", "retry_wait", "coalesce", "binding", "order", "aging", "mark", "priorities",
                 "max_ahead", "admit", "learn", "sharing", "max_backlog", "rebalance_gap", "when_full"});
    if (pool.check != Check::ping) continue;
    draft.report("pool." + pool.name + ".check", "servers of streams cannot be pinged",
                 "set check = \"auto\", \"connect\" or what they speak: \"http\", \"redis\", \"postgres\"");
  }
}

/// Late binding decides by when work will be done, and by nothing else.
void check_bindings(Draft& draft) {
  for (const Pool& pool : draft.config.pools) {
    if (pool.binding != WhenBound::late || pool.policy == "makespan") continue;
    draft.report("pool." + pool.name + ".binding", "\"late\" goes with policy = \"makespan\" only",
                 "take that policy, or set binding = \"early\"");
  }
}

/// Each class has its worth, and none is worth less than the one before.
void check_priorities(Draft& draft, const Pool& pool) {
  const std::string key = "pool." + pool.name + ".priorities";
  const std::vector<Nanos>& worth = pool.priorities;
  if (worth.size() != proto::kPriorities) {
    draft.report(key, std::to_string(worth.size()) + " values for 4 classes",
                 "write for example [\"0s\", \"50ms\", \"200ms\", \"1s\"]");
  } else if (!std::is_sorted(worth.begin(), worth.end()) || worth.front() < 0ns ||
             worth.back() > std::chrono::hours(1)) {
    draft.report(key, "values from 0s to 1h are expected, each no less than the one before",
                 "write for example [\"0s\", \"50ms\", \"200ms\", \"1s\"]");
  }
}

/// A backup stands in for somebody.
void check_backups(Draft& draft) {
  for (const Pool& pool : draft.config.pools) {
    std::optional<std::size_t> first;
    bool stands_in = false;
    for (std::size_t i = 0; i < draft.config.servers.size(); ++i) {
      const Server& server = draft.config.servers[i];
      if (server.pool != pool.name) continue;
      if (!server.backup) stands_in = true;
      if (server.backup && !first) first = i;
    }
    if (first && !stands_in) {
      draft.report(key_path("server", *first, "backup"),
                   "pool '" + pool.name + "' has no other servers than backups",
                   "leave it out where the server works all the time");
    }
  }
}

/// Requests of all clients share the links to a server.
void check_send_proxy(Draft& draft) {
  for (std::size_t i = 0; i < draft.config.servers.size(); ++i) {
    const Server& server = draft.config.servers[i];
    if (server.send_proxy == SendProxy::off || draft.config.serves_streams(server)) continue;
    draft.report(key_path("server", i, "send_proxy"),
                 "has no meaning for a server of requests, whose connections all clients share", "remove it");
  }
}

/// A burst without its rate would look like a limit and be none.
void check_bursts(Draft& draft) {
  constexpr std::pair<const char*, const char*> kPairs[] = {
      {"connection_burst", "connection_rate"},
      {"source_connection_burst", "source_connection_rate"},
      {"request_burst", "request_rate"},
      {"source_request_burst", "source_request_rate"}};
  for (std::size_t i = 0; i < draft.config.listeners.size(); ++i) {
    for (const auto& [burst, rate] : kPairs) {
      const std::string key = key_path("listener", i, burst);
      if (!draft.given(key) || draft.given(key_path("listener", i, rate))) continue;
      draft.report(key, std::string("has no meaning without ") + rate,
                   std::string("add for example ") + rate + " = \"100/s\"");
    }
  }
}

/// Servers of frames alone have a word for a ping.
void check_pings(Draft& draft) {
  for (const Pool& pool : draft.config.pools) {
    if (pool.check != Check::ping) continue;
    for (const Server& server : draft.config.servers) {
      if (server.pool != pool.name || server.protocol == Mode::frame) continue;
      draft.report("pool." + pool.name + ".check",
                   "server '" + server.name + "' speaks " + std::string(name_of(server.protocol)) +
                       " and cannot be pinged",
                   "set check = \"auto\" or \"connect\"");
      break;
    }
  }
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

/// They go into a request, where a space or a line's end would begin something else.
void check_questions(Draft& draft, const Pool& pool) {
  const std::string section = "pool." + pool.name + '.';
  if (!is_plain(pool.check_path) || !pool.check_path.starts_with('/'))
    draft.report(section + "check_path", "expected a path that begins with / and has no spaces",
                 "write for example \"/healthz\"");
  if (!is_plain(pool.check_host))
    draft.report(section + "check_host", "expected a host without spaces",
                 "write for example \"www.example.org\"");
  if (!is_plain(pool.check_user) || pool.check_user.empty())
    draft.report(section + "check_user", "expected a name without spaces",
                 "write for example \"finishline\"");
  if (!statuses_in(pool.check_status))
    draft.report(section + "check_status", "expected statuses from 100 to 599",
                 "write for example \"200\" or \"200..399\"");
}

/// What only one kind of check asks for would look as if it did something.
void check_idle_questions(Draft& draft, const Pool& pool) {
  const std::tuple<std::string Pool::*, Check, const char*, const char*> kNeeds[] = {
      {&Pool::check_host, Check::http, "check_host", "http"},
      {&Pool::check_status, Check::http, "check_status", "http"},
      {&Pool::check_user, Check::postgres, "check_user", "postgres"}};
  for (const auto& [member, check, name, word] : kNeeds) {
    if (pool.check == check || pool.*member == Pool().*member) continue;
    draft.report("pool." + pool.name + '.' + name,
                 std::string("has no meaning without check = \"") + word + '"', "remove it, or set check");
  }
}

/// A heart beats a few times a second (lb/process/heartbeat.h).
void check_watchdog(Draft& draft) {
  const Nanos watchdog = draft.config.proxy.watchdog;
  if (watchdog == 0ns || watchdog >= 1s) return;
  draft.report("proxy.watchdog", "a healthy process may be silent for longer",
               "write \"1s\" or more, or \"0s\" for none");
}

/// Whose days and weeks forecasts go by.
void check_place(Draft& draft) {
  const Proxy& proxy = draft.config.proxy;
  if (!proxy.timezone.empty() && !forecast::is_zone(proxy.timezone))
    draft.report("proxy.timezone", "'" + proxy.timezone + "' is not in /usr/share/zoneinfo",
                 "write for example \"Europe/Berlin\", or install the package tzdata");
  for (const std::string& day : proxy.special_days)
    if (!forecast::day_of(day))
      draft.report("proxy.special_days", "'" + day + "' is no day", "write for example \"2026-12-24\"");
}

void check_presence(Draft& draft) {
  constexpr std::pair<const char*, const char*> kNeeded[] = {
      {"listener", "add a [[listener]]"}, {"pool", "add a [pool.NAME]"}, {"server", "add a [[server]]"}};
  for (const auto& [section, remedy] : kNeeded) {
    if (!draft.given(section)) draft.report(section, "there is none, so there is nothing to do", remedy);
  }
}

void check_sizes(Draft& draft) {
  const Proxy& proxy = draft.config.proxy;
  if (const std::uint32_t workers = draft.config.worker_count();
      std::max(workers, proxy.workers) * 2 > proxy.max_workers) {
    const std::string count = std::to_string(std::max(workers, proxy.workers));
    draft.report(
        "proxy.workers",
        count + " workers and " + count + " successors side by side in a reload are more than " +
            "proxy.max_workers = " + std::to_string(proxy.max_workers),
        "raise max_workers to " + std::to_string(std::max(workers, proxy.workers) * 2) + " or lower workers");
  }
  if (draft.config.pools.size() > kMaxPools) {
    draft.report("pool." + draft.config.pools[kMaxPools].name,
                 std::to_string(draft.config.pools.size()) + " pools are more than the " +
                     std::to_string(kMaxPools) + " that there is room for",
                 "put servers of one kind into one pool, or run a second proxy");
  }
  if (draft.config.servers.size() > proxy.max_servers) {
    draft.report(key_path("server", proxy.max_servers, ""),
                 std::to_string(draft.config.servers.size()) +
                     " servers are more than proxy.max_servers = " + std::to_string(proxy.max_servers),
                 "raise max_servers");
  }
}

}  // namespace

void settle_pools(Draft& draft) {
  for (Pool& pool : draft.config.pools) {
    for (const Listener& listener : draft.config.listeners) {
      if (listener.mode != Mode::stream) continue;
      if (listener.pool == pool.name) pool.streams = true;
      for (const auto& [name, its_pool] : listener.sni)
        if (its_pool == pool.name) pool.streams = true;
    }
    // What HAProxy and nginx do when nothing is said, so that a configuration moved here behaves as before.
    if (pool.streams && !says_something(pool, Section::pool, "policy")) pool.policy = "weighted-round-robin";
  }
  for (std::size_t i = 0; i < draft.config.listeners.size(); ++i) {
    Listener& listener = draft.config.listeners[i];
    if (listener.mode == Mode::stream && !draft.given(key_path("listener", i, "user_timeout")))
      listener.user_timeout = 0s;
  }
  for (std::size_t i = 0; i < draft.config.servers.size(); ++i) {
    Server& server = draft.config.servers[i];
    if (!draft.config.serves_streams(server)) continue;
    server.type.clear();  // advice.cc
    if (!draft.given(key_path("server", i, "user_timeout"))) server.user_timeout = 0s;
  }
}

void check_rules(Draft& draft) {
  const Config& config = draft.config;
  check_presence(draft);
  check_sizes(draft);
  check_watchdog(draft);
  check_place(draft);
  check_unique_names(draft, "listener", config.listeners);
  check_unique_names(draft, "server", config.servers);
  check_pool_references(draft, "listener", config.listeners);
  check_pool_references(draft, "server", config.servers);
  for (const Pool& pool : config.pools) {
    check_policy(draft, pool);
    check_candidates(draft, pool);
    if (!draft.reported("pool." + pool.name + ".priorities")) check_priorities(draft, pool);
  }
  check_empty_pools(draft);
  check_mini_listeners(draft);
  check_http(draft);
  check_stream_mix(draft);
  check_stream_parts(draft);
  check_tls(draft);
  check_backups(draft);
  check_bindings(draft);
  check_types_given(draft);
  check_send_proxy(draft);
  check_bursts(draft);
  check_pings(draft);
  for (const Pool& pool : config.pools) {
    check_questions(draft, pool);
    check_idle_questions(draft, pool);
  }
}

}  // namespace finishline::config
