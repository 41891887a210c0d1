#include "lb/config/peer_rules.h"

#include <charconv>
#include <utility>

namespace finishline::config {
namespace {

constexpr std::string_view kScheme = "redis://", kTlsScheme = "rediss://";
constexpr std::uint32_t kMostDatabases = 1U << 20;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::variant<std::uint32_t, std::string> database_in(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && number < kMostDatabases) return number;
  return "'" + std::string(text) + "' is no number of a database";
}

std::variant<RedisUrl, std::string> redis_url(std::string_view url) {
  if (url.empty()) return "an address is missing";
  RedisUrl read;
  read.tls = url.starts_with(kTlsScheme);
  if (!read.tls && !url.starts_with(kScheme))
    return "'" + std::string(url) + "' does not begin with redis:// or rediss://";
  std::string_view rest = url.substr((read.tls ? kTlsScheme : kScheme).size());
  if (rest.find('@') != std::string_view::npos)
    return "a user or a password in an address can be read by whoever reads this file";
  const auto slash = rest.find('/');
  if (slash != std::string_view::npos && slash + 1 < rest.size()) {
    const auto database = database_in(rest.substr(slash + 1));
    if (const auto* why = std::get_if<std::string>(&database)) return *why;
    read.database = std::get<std::uint32_t>(database);
  }
  auto endpoint = net::parse_endpoint(rest.substr(0, slash));
  if (const auto* why = std::get_if<std::string>(&endpoint)) return *why;
  read.endpoint = std::get<net::Endpoint>(std::move(endpoint));
  if (read.endpoint.port == 0) return "port 0 cannot be connected to";
  return read;
}

/// Nobody knows how long a stream takes.
void check_zones(Draft& draft) {
  for (const Pool& pool : draft.config.pools)
    if (pool.streams && pool.zone_cost.later > 0ns)
      draft.report("pool." + pool.name + ".zone_cost",
                   "is a time, and what streams are weighed by is no time but their load",
                   "write a factor, for example zone_cost = 1.5");
}

/// Who is to share a seat needs somebody to share it with, and to decide late.
void check_seats(Draft& draft) {
  for (const Pool& pool : draft.config.pools) {
    if (pool.sharing != ShareBy::seat || pool.streams) continue;
    const std::string key = "pool." + pool.name + ".sharing";
    if (!pool.binds_late())
      draft.report(key, "\"seat\" goes with late binding only",
                   "take policy = \"makespan\" and binding = \"late\", or remove it");
    else if (!draft.config.peers.on())
      draft.report(key, "\"seat\" is for several proxies, and this one knows of no other",
                   "give it a name and redis in [peers], or set sharing = \"rows\"");
  }
}

/// A name that is none has been told of already.
void check_alone(Draft& draft, const Peers& peers) {
  if (draft.reported("peers.name")) return;
  for (const auto& [name, value] : {std::pair<const char*, const std::string&>{"redis", peers.redis},
                                    {"user", peers.user},
                                    {"password_file", peers.password_file},
                                    {"sentinel_master", peers.sentinel_master}})
    if (!value.empty())
      draft.report(std::string("peers.") + name, "has no meaning without name",
                   "give this proxy a name, another one than the others have");
}

void check_redis(Draft& draft, Peers& peers) {
  const auto urls = redis_urls_in(peers.redis);
  if (const auto* all = std::get_if<std::vector<RedisUrl>>(&urls)) {
    peers.tls = all->front().tls;
    return;
  }
  const auto& why = std::get<std::string>(urls);
  draft.report("peers.redis", why,
               why.find("password") != std::string::npos
                   ? "name the user in `user`, and the file of the password in `password_file`"
                   : "write for example \"redis://127.0.0.1:6379\"");
}

}  // namespace

std::variant<std::vector<RedisUrl>, std::string> redis_urls_in(std::string_view list) {
  std::vector<RedisUrl> urls;
  for (;;) {
    const auto comma = list.find(',');
    auto url = redis_url(trimmed(list.substr(0, comma)));
    if (auto* why = std::get_if<std::string>(&url)) return std::move(*why);
    urls.push_back(std::get<RedisUrl>(std::move(url)));
    if (urls.back().tls != urls.front().tls)
      return "redis:// and rediss:// stand side by side: either all speak TLS, or none";
    if (comma == std::string_view::npos) return urls;
    list.remove_prefix(comma + 1);
  }
}

void check_peers(Draft& draft) {
  Peers& peers = draft.config.peers;
  check_seats(draft);
  check_zones(draft);
  if (!peers.on()) return check_alone(draft, peers);
  if (peers.redis.empty())
    return draft.report(draft.given("peers.redis") ? "peers.redis" : "peers.name",
                        "redis is missing, through which other proxies are heard of",
                        "add redis = \"redis://127.0.0.1:6379\"");
  check_redis(draft, peers);
  if (!peers.user.empty() && peers.password_file.empty())
    draft.report("peers.user", "has no meaning without password_file", "add password_file, or remove it");
  if (peers.sync_interval * 3 > peers.silence)
    draft.report("peers.silence", "is less than three times sync_interval: proxies would seem to be dead",
                 "raise silence, or lower sync_interval");
  if (draft.config.proxy.max_peers == 0)
    draft.report("peers.name", "proxy.max_peers = 0 leaves no room for other proxies", "raise max_peers");
}

}  // namespace finishline::config
