#include "lb/config/key_table.h"

#include <algorithm>

namespace finishline::config {
namespace {

constexpr auto kRequired = std::nullopt;
constexpr auto kReload = Reload::yes;
constexpr auto kRestart = Reload::no;

constexpr SectionRow kSections[] = {
    {"proxy", Shape::single, "[proxy]", "the processes and their limits"},
    {"log", Shape::single, "[log]", "what is told, and where"},
    {"work", Shape::single, "[work]", "what a request is"},
    {"cost", Shape::named, "[cost.SERVER_TYPE]",
     "request type = factor: how many times longer than one unit this server type takes per unit of length; "
     "a type that is not listed cannot be done"},
    {"listener", Shape::array, "[[listener]]", "an address that clients connect to"},
    {"pool", Shape::named, "[pool.NAME]", "servers that share their work, and how it is shared out"},
    {"server", Shape::array, "[[server]]", "a server and what it can do"},
};

constexpr Key kKeys[] = {
    // [proxy]
    {&Proxy::workers, "workers", Type::integer, "0", "0..1024", "processes", kRestart,
     "worker processes; 0: one per core, max_workers at most"},
    {&Proxy::admin, "admin", Type::address, "127.0.0.1:9090", "", "", kRestart,
     "where status and metrics are served; \"\": nowhere"},
    {&Proxy::admin_token_file, "admin_token_file", Type::text, "", "", "", kReload,
     "file with the bearer token that admin requests must bring to change anything; \"\": nothing can be "
     "changed"},
    {&Proxy::max_workers, "max_workers", Type::integer, "64", "1..1024", "processes", kRestart,
     "room for workers in the shared ledger"},
    {&Proxy::max_servers, "max_servers", Type::integer, "1024", "1..65536", "servers", kRestart,
     "room for servers in the shared ledger"},
    {&Proxy::max_connections, "max_connections", Type::integer, "10000", "1..10000000", "connections",
     kReload, "client connections of all workers together"},
    {&Proxy::seed, "seed", Type::integer, "0", "0..9223372036854775807", "", kRestart,
     "of all random choices, to repeat a run; 0: a new one each time"},
    {&Proxy::drain_timeout, "drain_timeout", Type::duration, "30s", "0s..24h", "", kReload,
     "how long open requests may take when the proxy stops"},
    {&Proxy::busy_poll, "busy_poll", Type::duration, "0s", "0s..10ms", "", kReload,
     "how long a worker keeps looking for more after bytes came in, before it sleeps: 50us lowers the latency "
     "of few busy connections and costs CPU time"},

    // [log]
    {&Log::format, "format", Type::choice, "text", "text|json", "", kReload, "how each event is written"},
    {&Log::level, "level", Type::choice, "info", "debug|info|warning|error", "", kReload,
     "events below it are not told"},
    {&Log::file, "file", Type::text, "", "", "", kReload, "appended to; \"\": standard error"},

    // [work]
    {&Work::unit, "unit", Type::duration, "1ms", "1us..1h", "", kRestart,
     "one unit of a request's length tag, on a server of speed 1 and cost factor 1"},
    {&Work::types, "types", Type::types, R"({ video = "V", picture = "P", music = "M" })", "", "", kRestart,
     "request types and their letters on the wire"},
    {&Work::max_length, "max_length", Type::integer, "1000000", "1..4294967295", "units", kReload,
     "a request with a longer length tag is refused as too_large"},

    // [cost.SERVER_TYPE]
    {&CostFactor::factor, kAnyName, Type::number, kRequired, "0.000001..1000000", "", kRestart,
     "service time = length x unit x factor / speed"},

    // [[listener]]
    {&Listener::name, "name", Type::name, kRequired, "", "", kReload, "as in log, metrics and commands"},
    {&Listener::bind, "bind", Type::address, kRequired, "", "", kReload,
     "address to listen on; port 0: the kernel chooses"},
    {&Listener::mode, "mode", Type::choice, "frame", "frame|mini|stream", "", kReload,
     "protocol of the clients; stream: any, passed on as it is"},
    {&Listener::pool, "pool", Type::name, kRequired, "", "", kReload, "who does the work"},
    {&Listener::describe, "describe", Type::boolean, "true", "", "", kReload,
     "whether clients may ask for types, costs and servers"},
    {&Listener::max_body, "max_body", Type::size, "16MiB", "0B..1GiB", "", kReload,
     "a request with a larger body is refused as too_large"},
    {&Listener::max_open, "max_open", Type::integer, "1024", "1..1000000", "requests", kReload,
     "unanswered requests per connection; at this many the connection is not read"},
    {&Listener::header_timeout, "header_timeout", Type::duration, "10s", "1ms..1h", "", kReload,
     "how long a request may take to arrive once its first byte is here"},
    {&Listener::idle_timeout, "idle_timeout", Type::duration, "0s", "0s..24h", "", kReload,
     "a connection without requests, or a stream without bytes, is closed after this long; 0s: never"},
    {&Listener::half_closed_timeout, "half_closed_timeout", Type::duration, "1m", "0s..24h", "", kReload,
     "of streams: the same once one side has ended; 0s: never"},
    {&Listener::load, "load", Type::number, "1.0", "0.001..1000000", "%", kReload,
     "of streams: what one puts on its server, of which capacity is the measure"},

    // [pool.NAME]
    {&Pool::policy, "policy", Type::name, "makespan", "", "", kReload,
     "how a server is chosen; weighted-round-robin by default where the listeners are streams"},
    {&Pool::gamma, "gamma", Type::number, "0.5", "0..100", "", kReload,
     "of policy regret: weight of the cost above the cheapest"},
    {&Pool::timeout, "timeout", Type::duration, "0s", "0s..24h", "", kReload,
     "deadline of requests that bring none; 0s: none"},
    {&Pool::max_attempts, "max_attempts", Type::integer, "3", "1..100", "", kReload,
     "times that a retryable request is sent in all when its server is lost; servers that are tried for a "
     "stream"},
    {&Pool::connect_timeout, "connect_timeout", Type::duration, "5s", "1ms..1h", "", kReload,
     "of streams: a server that has not accepted after this long is given up for the next"},
    {&Pool::max_waiting, "max_waiting", Type::integer, "1024", "0..1000000", "connections", kReload,
     "of streams: how many may wait in each worker while every server has max_connections"},
    {&Pool::queue_timeout, "queue_timeout", Type::duration, "10s", "0s..24h", "", kReload,
     "of streams: and for how long; 0s: for ever"},
    {&Pool::load_by, "load_by", Type::choice, "connection", "connection|time|bytes", "", kReload,
     "of streams: what makes the load of one: that it is open, the share of time in which its server owes an "
     "answer, or its bytes as a share of load_rate"},
    {&Pool::load_rate, "load_rate", Type::size, "100MiB", "1B..1GiB", "a second", kReload,
     "of load_by bytes: what makes the whole load"},
    {&Pool::check, "check", Type::choice, "auto", "auto|ping|connect|http|off", "", kReload,
     "how servers are checked; auto: ping for frame servers, connect for mini servers"},
    {&Pool::check_interval, "check_interval", Type::duration, "2s", "10ms..1h", "", kReload,
     "from check to check, a quarter of it while the verdict is open; each is drawn around it by a tenth"},
    {&Pool::check_timeout, "check_timeout", Type::duration, "1s", "1ms..1h", "", kReload,
     "a check that takes longer has failed"},
    {&Pool::check_path, "check_path", Type::text, "/", "", "", kReload,
     "what check http asks for; a status of 200 to 399 passes"},
    {&Pool::rise, "rise", Type::integer, "2", "1..100", "checks", kReload,
     "passed in a row until a server that was down is given work"},
    {&Pool::fall, "fall", Type::integer, "3", "1..100", "checks", kReload,
     "failed in a row until a server is down"},
    {&Pool::eject_after, "eject_after", Type::integer, "5", "0..1000000", "requests", kReload,
     "failed in a row by a server until it is ejected for a while; 0: never"},
    {&Pool::eject_time, "eject_time", Type::duration, "5s", "1ms..1h", "", kReload,
     "how long the first ejection lasts; the next ones twice as long each, up to 32 times"},
    {&Pool::max_ejected, "max_ejected", Type::number, "0.5", "0..1", "", kReload,
     "share of the pool's servers that may be ejected at once; the last one in service always stays"},
    {&Pool::slow_start, "slow_start", Type::duration, "0s", "0s..1h", "", kReload,
     "how long a server that came back counts as slower than it is; 0s: not at all"},

    // [[server]]
    {&Server::name, "name", Type::name, kRequired, "", "", kReload, "as in log, metrics and commands"},
    {&Server::pool, "pool", Type::name, kRequired, "", "", kReload, "whose work it does"},
    {&Server::type, "type", Type::name, kRequired, "", "", kReload, "its row of the cost matrix"},
    {&Server::bind, "address", Type::address, kRequired, "", "", kReload, "where it listens"},
    {&Server::check_bind, "check_address", Type::address, "", "", "", kReload,
     "where it is checked; \"\": at its address"},
    {&Server::protocol, "protocol", Type::choice, "frame", "frame|mini", "", kReload, "what it speaks"},
    {&Server::speed, "speed", Type::number, "1.0", "0.001..1000", "", kReload,
     "2.0 does the same work in half the time"},
    {&Server::weight, "weight", Type::number, "1.0", "0.001..1000", "", kReload,
     "its share under policies that go by weight"},
    {&Server::slots, "slots", Type::integer, "1", "1..65536", "", kReload,
     "how many requests it works on at once"},
    {&Server::links, "links", Type::integer, "1", "1..64", "", kReload,
     "connections to it that each worker keeps open"},
    {&Server::capacity, "capacity", Type::number, "100", "0.001..1000000", "%", kReload,
     "of streams: the load that it can take"},
    {&Server::max_connections, "max_connections", Type::integer, "0", "0..1000000", "connections", kReload,
     "of streams: so many at once, of all workers; 0: any number"},
};

std::string joined(const std::vector<std::string_view>& words) {
  std::string all;
  for (const std::string_view word : words) all += (all.empty() ? "" : ", ") + std::string(word);
  return all;
}

std::string_view noun_of(Type type) {
  switch (type) {
    case Type::boolean:
      return "true or false";
    case Type::integer:
      return "an integer";
    case Type::size:
      return "a size in bytes";
    case Type::number:
      return "a number";
    case Type::duration:
      return "a duration";
    case Type::choice:
      return "one of";
    case Type::name:
      return "a name in quotes";
    case Type::text:
      return "a text in quotes";
    case Type::address:
      return "an address \"HOST:PORT\"";
    case Type::types:
      return "a table of names and letters";
  }
  return "";
}

}  // namespace

std::span<const SectionRow> sections() { return kSections; }
const SectionRow& row_of(Section section) { return kSections[static_cast<std::size_t>(section)]; }
std::span<const Key> keys() { return kKeys; }

const Key* find_key(Section section, std::string_view name) {
  const auto* const found = std::find_if(std::begin(kKeys), std::end(kKeys), [&](const Key& key) {
    return key.section() == section && (key.name == name || key.name == kAnyName);
  });
  return found == std::end(kKeys) ? nullptr : found;
}

std::string expectation(const Key& key) {
  std::string text(noun_of(key.type));
  if (key.type == Type::choice) return text + ' ' + joined(choices(key.range));
  if (const auto ends = ends_of(key.range)) {
    text += " from " + quoted(key.type, ends->first) + " to " + quoted(key.type, ends->second);
  }
  return text;
}

std::string quoted(Type type, std::string_view text) {
  const bool bare =
      type == Type::boolean || type == Type::integer || type == Type::number || type == Type::types;
  return bare ? std::string(text) : '"' + std::string(text) + '"';
}

std::vector<std::string_view> choices(std::string_view range) {
  std::vector<std::string_view> words;
  while (!range.empty()) {
    const auto bar = std::min(range.find('|'), range.size());
    words.push_back(range.substr(0, bar));
    range.remove_prefix(std::min(bar + 1, range.size()));
  }
  return words;
}

std::optional<std::pair<std::string_view, std::string_view>> ends_of(std::string_view range) {
  const auto dots = range.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  return std::pair(range.substr(0, dots), range.substr(dots + 2));
}

}  // namespace finishline::config
