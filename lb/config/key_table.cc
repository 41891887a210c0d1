#include "lb/config/key_table.h"

namespace finishline::config {
namespace {

using alert::AlertRule;

constexpr auto kRequired = std::nullopt;
/// A member of what several sections begin with, as one of S.
template <class S, class T>
constexpr T S::*as(T TlsOut::*member) {
  return member;
}

constexpr auto kReload = Reload::yes;
constexpr auto kRestart = Reload::no;

constexpr Key kKeys[] = {
    // [proxy]
    {&Proxy::workers, "workers", Type::integer, "0", "0..1024", "processes", kReload,
     "worker processes; 0: one per core, half of max_workers at most"},
    {&Proxy::admin, "admin", Type::address, "127.0.0.1:9900", "", "", kRestart,
     "where status and metrics are served, or \"unix:/PATH\"; \"\": nowhere"},
    {&Proxy::zone, "zone", Type::name, "", "", "", kReload,
     "where this proxy is, as in server.zone; \"\": nowhere, so that all servers are alike"},
    {&Proxy::admin_token_file, "admin_token_file", Type::file, "", "", "", kReload,
     "file with the bearer tokens that admin requests must bring to change or record anything, a token or a "
     "line of `finishline token new` a line; \"\": nothing can be changed"},
    {&Proxy::admin_anonymous, "admin_anonymous", Type::boolean, "true", "", "", kReload,
     "whether who comes from this machine may look at the admin server without a token"},
    {&Proxy::admin_viewers, "admin_viewers", Type::networks, "[]", "", "", kReload,
     "networks from which anybody may look at the admin server without a token, beside this machine: a "
     "Prometheus, the network of the containers"},
    {&Proxy::admin_hosts, "admin_hosts", Type::text, "", "", "", kReload,
     "names by which the admin server is reached, with commas, beside addresses and localhost: a page of "
     "another name that a browser was brought to open is refused"},
    {&Proxy::admin_tls_certificate, "admin_tls_certificate", Type::file, "", "", "", kReload,
     "file (PEM) with the certificate that the admin server shows, and those that lead to its root: it "
     "speaks "
     "TLS and nothing else; \"\": it speaks none"},
    {&Proxy::admin_tls_key, "admin_tls_key", Type::file, "", "", "", kReload,
     "file (PEM) with the private key of that certificate; \"\": it stands beside the certificate"},
    {&Proxy::admin_insecure, "admin_insecure", Type::boolean, "false", "", "", kRestart,
     "whether the admin server may have an address that other machines reach without admin_tls_certificate, "
     "so "
     "that tokens could be read on the way"},
    {&Proxy::geo_database, "geo_database", Type::file, "", "", "", kReload,
     "database in MaxMind's format by which top talkers are told with their countries, readable for `user`; "
     "taken anew when it changes, and held in memory by control; \"\": no countries"},
    {&Proxy::max_workers, "max_workers", Type::integer, "128", "2..2048", "processes", kRestart,
     "room for workers in the shared ledger; a reload may run two generations of them side by side"},
    {&Proxy::max_servers, "max_servers", Type::integer, "1024", "1..65536", "servers", kRestart,
     "room for servers in the shared ledger; a reload needs it for those that come beside those that run"},
    {&Proxy::max_peers, "max_peers", Type::integer, "8", "0..64", "proxies", kRestart,
     "room for other proxies in the shared ledger, see [peers]"},
    {&Proxy::max_connections, "max_connections", Type::integer, "10000", "1..10000000", "connections",
     kReload,
     "client connections of all workers together; a stream takes a second descriptor, to its server; as long "
     "as this is not written, fewer where the limit of open files allows no more"},
    {&Proxy::max_buffered, "max_buffered", Type::size, "256MiB", "1MiB..1024GiB", "", kRestart,
     "bytes that each worker holds for clients and servers. One client is read while it holds a quarter of "
     "it at most, "
     "less the more there are, so a larger body is refused as too_large; who leaves most unread above it for "
     "a second, "
     "or at twice as much, is dropped, but for those who hold next to nothing"},
    {&Proxy::max_sources, "max_sources", Type::integer, "16384", "64..16777216", "addresses", kRestart,
     "room for client addresses in the shared ledger, for limits per source, best several times as many as "
     "come at "
     "one time: one without room is counted together with another and refused when those two are over a "
     "limit "
     "(sources_full); each takes 24 bytes and 4 per max_workers"},
    {&Proxy::seed, "seed", Type::integer, "0", "0..9223372036854775807", "", kReload,
     "of all random choices, to repeat a run; 0: a new one each time"},
    {&Proxy::drain_timeout, "drain_timeout", Type::duration, "30s", "0s..24h", "", kReload,
     "how long open requests may take when the proxy stops"},
    {&Proxy::watchdog, "watchdog", Type::duration, "10s", "0s..1h", "", kReload,
     "a worker or control process whose loop has not turned for so long is killed and replaced, also one "
     "that is "
     "stopped or debugged: longer than a healthy loop ever needs for a turn, shorter than clients wait; from "
     "1s "
     "on, 0s: never"},
    {&Proxy::reload_timeout, "reload_timeout", Type::duration, "0s", "0s..24h", "", kReload,
     "how long what is open at old workers, or at servers that are gone, may take after a reload; 0s: as "
     "long as it takes"},
    {&Proxy::max_old_generations, "max_old_generations", Type::integer, "16", "1..1024", "", kReload,
     "so many earlier configurations may have workers that still finish what they have begun; beyond, those "
     "of the "
     "oldest are ended"},
    {&Proxy::resolve_interval, "resolve_interval", Type::duration, "30s", "0s..24h", "", kReload,
     "how often names of servers are looked up again, by a process of its own, because addresses move and a "
     "name that "
     "cannot be resolved now can be later; where that fails the addresses stay; 0s: with a reload only"},
    {&Proxy::pid_file, "pid_file", Type::file, "", "", "", kRestart,
     "file that holds the master's process id while the proxy runs; \"\": none"},
    {&Proxy::state_dir, "state_dir", Type::file, "", "", "", kRestart,
     "directory for what outlives a restart, such as the history, which must be there and be writable for "
     "`user`; \"\": nothing does"},
    {&Proxy::busy_poll, "busy_poll", Type::auto_duration, "0s", "0s..10ms", "", kReload,
     "how long a worker keeps looking for more after bytes came in, before it sleeps: 50us lowers the "
     "latency "
     "of few busy connections and costs CPU time; auto: only while more has lately come soon, and not for "
     "nothing "
     "for more than a twentieth of the time"},
    {&Proxy::timezone, "timezone", Type::text, "", "", "", kReload,
     "by whose clock days and weeks of the load are forecast, as Europe/Berlin; \"\": UTC"},
    {&Proxy::special_days, "special_days", Type::texts, "[]", "", "", kReload,
     "days whose load is unlike that of others, past and to come, as [\"2026-12-24\", \"2026-12-25\"]"},
    {&Proxy::user, "user", Type::text, "", "", "", kReload,
     "whom workers and control become when started as root; \"\": nobody else"},
    {&Proxy::group, "group", Type::text, "", "", "", kReload,
     "the same for the group; \"\": that of the user"},
    {&Proxy::seccomp, "seccomp", Type::boolean, "false", "", "", kReload,
     "whether a worker that makes a system call it has no business with is killed"},

    // [log]
    {&Log::format, "format", Type::choice, "text", "text|json", "", kReload, "how each event is written"},
    {&Log::level, "level", Type::choice, "info", "debug|info|warning|error", "", kReload,
     "events below it are not told"},
    {&Log::file, "file", Type::file, "", "", "", kReload, "appended to; \"\": standard error"},
    {&Log::access, "access", Type::file, "off", "", "", kReload,
     "file of the access log: a line for each error, each slow request and a share of the others; off: none"},
    {&Log::access_share, "access_share", Type::number, "0.01", "0..1", "", kReload, "of the others"},
    {&Log::access_slow, "access_slow", Type::duration, "1s", "0s..24h", "", kReload, "is slow; 0: none is"},

    // [work]
    {&Work::unit, "unit", Type::duration, "1ms", "1ns..1h", "", kReload,
     "one unit of a request's length tag, on a server of speed 1 and cost factor 1"},
    {&Work::types, "types", Type::types, R"({ video = "V", picture = "P", music = "M" })", "", "", kReload,
     "request types and their letters on the wire"},
    {&Work::max_length, "max_length", Type::integer, "1000000", "1..4294967295", "units", kReload,
     "a request with a longer length tag is refused as too_large"},

    // [cost.SERVER_TYPE]
    {&CostFactor::factor, kAnyName, Type::number, kRequired, "0.000001..1000000", "", kReload,
     "service time = length x unit x factor / speed"},

// [[listener]]
#include "lb/config/listener_keys.def"

    // [pool.NAME]
    {&Pool::policy, "policy", Type::name, "makespan", "", "", kReload,
     "how a server is chosen; weighted-round-robin by default where the listeners are streams"},
    {&Pool::gamma, "gamma", Type::number, "0.5", "0..100", "", kReload,
     "of policy regret: weight of the cost above the cheapest"},
    {&Pool::candidates, "candidates", Type::text,
     "affinity, regret, earliest-finish, makespan, least-connections, least-response-time", "", "", kReload,
     "of policy adaptive: what it chooses among; it begins with the first"},
    {&Pool::binding, "binding", Type::choice, "auto", "auto|late|early", "", kReload,
     "when a request is bound to a server: late, when a server is about to be free, until when it waits in "
     "the "
     "proxy; early, when it comes; auto: late under policy makespan, for which late binding stands in, else "
     "early"},
    {&Pool::order, "order", Type::choice, "balanced", "balanced|shortest|longest", "", kReload,
     "of what waits for the same kind of server: first come, first served; short ones first; or long ones "
     "first, "
     "for batches that come at once"},
    {&Pool::aging, "aging", Type::number, "3", "0..1000", "", kReload,
     "of order shortest: a request passes those that have waited longer by up to so many times the "
     "difference in "
     "their service times"},
    {&Pool::mark, "mark", Type::auto_duration, "auto", "0s..1s", "", kReload,
     "of late binding: how long before a server is free it is sent the next request; auto: learned from "
     "round "
     "trips and from how well costs are known"},
    {&Pool::priorities, "priorities", Type::durations, R"(["0s", "50ms", "200ms", "1s"])", "", "", kReload,
     "of what waits: a request of priority class 0, 1, 2 or 3 counts as if it had come so much earlier, with "
     "order longest as if it took so much longer; four values, none below the one before, 1h at most"},
    {&Pool::max_ahead, "max_ahead", Type::integer, "4", "0..1000000", "requests", kReload,
     "of what waits: so many requests of each type and class compete for one client connection, in each "
     "worker, and its further ones stand behind them; so who has a thousand open holds nobody up; not with "
     "order longest; 0: "
     "all compete"},
    {&Pool::admit, "admit", Type::choice, "always", "always|deadline", "", kReload,
     "deadline: a request that is not expected to be done by its deadline is answered overloaded at once, "
     "with "
     "the time in which it could be; always: it is taken as long as a server that is free at once could do "
     "it"},
    {&Pool::zone_cost, "zone_cost", Type::distance, "1", "1..1000", "", kReload,
     "servers of another zone than proxy.zone count as so many times slower, or, as \"5ms\", have each "
     "request done so much later, so that they are given what those of this zone could only do later still"},
    {&Pool::learn, "learn", Type::choice, "off", "off|watch|on", "", kReload,
     "what each type of request really costs each server, learned from the service times in replies: off; "
     "watch: learned and shown, beside what is declared; on: what is learned decides"},
    {&Pool::sharing, "sharing", Type::choice, "rows", "rows|seat", "", kReload,
     "with other proxies, see [peers], and late binding: rows, each decides for what waits at it, by what "
     "all "
     "have told; seat, one decides for all of them, for as long as it holds a key in redis, and after it "
     "another; for servers that need 2 ms and more for a request"},
    {&Pool::timeout, "timeout", Type::duration, "10m", "0s..24h", "", kReload,
     "deadline of requests that bring none; ten minutes are long for most work, and let no lost reply keep a "
     "client "
     "waiting for ever; 0s: none"},
    {&Pool::max_attempts, "max_attempts", Type::integer, "3", "1..100", "", kReload,
     "times that a retryable request is sent in all when its server is lost; connections to servers that are "
     "tried "
     "for a stream, after each round of all servers with a pause of connect_timeout, 1s at most"},
    {&Pool::retry_wait, "retry_wait", Type::duration, "1s", "0s..1m", "", kReload,
     "how long a request waits for a server to come back, when there is none for it: one that was lost and "
     "may be sent again; and one that comes before the pool has been without for so long, as at the start; "
     "0s: it is answered at once"},
    {&Pool::link_ping, "link_ping", Type::duration, "2s", "0s..1h", "", kReload,
     "a link to a frame server is pinged when idle for this long; without an answer in check_timeout it is "
     "lost; 0s: never"},
    {&Pool::coalesce, "coalesce", Type::duration, "20us", "0s..1s", "", kReload,
     "requests that come at once share a server which will have done them within this time, where the policy "
     "weighs time: spreading less work than that costs more than it gains; 0s: never"},
    {&Pool::max_backlog, "max_backlog", Type::duration, "0s", "0s..24h", "", kReload,
     "a server that has work for longer than this is given no more, or a pool that binds late; 0s: no limit"},
    {&Pool::rebalance_gap, "rebalance_gap", Type::duration, "0s", "0s..1h", "", kReload,
     "requests that are bound to a server and not sent yet, as more come than an HTTP server has "
     "connections, "
     "move to one that will have done them so much sooner; 0s: only when theirs takes no work any more"},
    {&Pool::rebalance_load, "rebalance_load", Type::number, "0", "0..1000000", "%", kReload,
     "of streams: a server whose load is more than this above that of the least loaded is given no new ones, "
     "whatever the policy says; 0: it is"},
    {&Pool::when_full, "when_full", Type::choice, "reject", "reject|wait", "", kReload,
     "what becomes of a request that finds every server full: answered overloaded with the time until one is "
     "not, or waits"},
    {&Pool::max_waiting, "max_waiting", Type::auto_integer, "auto", "0..1000000", "", kReload,
     "so many requests may wait in each worker for a server with room, or streams while every server has "
     "max_connections; further ones are refused; auto: 1024, and where the pool binds late no limit but "
     "max_backlog and proxy.max_buffered"},
    {&Pool::connect_timeout, "connect_timeout", Type::duration, "5s", "1ms..1h", "", kReload,
     "of streams: a server that has not accepted after this long is given up for the next"},
    {&Pool::queue_timeout, "queue_timeout", Type::duration, "10s", "0s..24h", "", kReload,
     "of streams: how long they may wait so; 0s: for ever"},
    {&Pool::load_by, "load_by", Type::choice, "connection", "connection|time|bytes", "", kReload,
     "of streams: what makes the load of one: that it is open, the share of time in which its server owes an "
     "answer, or its bytes as a share of load_rate"},
    {&Pool::load_rate, "load_rate", Type::size, "100MiB", "1B..1GiB", "a second", kReload,
     "of load_by bytes: what makes the whole load"},
    {&Pool::bulk, "bulk", Type::choice, "auto", "auto|splice|copy", "", kReload,
     "of streams: how long stretches of bytes are moved: spliced through pipes, copied in large reads, or "
     "the "
     "way that each worker measures to cost less CPU time"},
    {&Pool::check, "check", Type::choice, "auto", "auto|ping|connect|http|redis|postgres|off", "", kReload,
     "how servers are checked; auto: ping for frame servers, connect for mini servers"},
    {&Pool::check_interval, "check_interval", Type::duration, "2s", "10ms..1h", "", kReload,
     "from check to check, a quarter of it while the verdict is open; each is drawn around it by a tenth"},
    {&Pool::check_timeout, "check_timeout", Type::duration, "1s", "1ms..1h", "", kReload,
     "a check that takes longer has failed"},
    {&Pool::check_path, "check_path", Type::text, "/", "", "", kReload, "what check http asks for"},
    {&Pool::check_host, "check_host", Type::text, "", "", "", kReload,
     "whom check http asks, in its Host header; \"\": the address of the server"},
    {&Pool::check_status, "check_status", Type::text, "200..399", "", "", kReload,
     "the status, or from which to which, that passes check http"},
    {&Pool::check_user, "check_user", Type::text, "finishline", "", "", kReload,
     "as whom check postgres knocks; it goes no further than the question for a password, so nobody of that "
     "name "
     "has to exist"},
    {&Pool::rise, "rise", Type::integer, "2", "1..100", "checks", kReload,
     "passed in a row until a server that was down is given work"},
    {&Pool::fall, "fall", Type::integer, "3", "1..100", "checks", kReload,
     "failed in a row until a server is down"},
    {&Pool::eject_after, "eject_after", Type::integer, "5", "0..1000000", "requests", kReload,
     "failed in a row by a server until it is ejected for a while; 0: never"},
    {&Pool::eject_time, "eject_time", Type::duration, "5s", "1ms..1h", "", kReload,
     "how long the first ejection lasts; the next ones twice as long each, up to 32 times"},
    {&Pool::eject_over, "eject_over", Type::number, "10", "0..100", "%", kReload,
     "of the last fifty requests failed by a server until it is ejected likewise, unless eject_after is 0; "
     "0: "
     "never"},
    {&Pool::max_ejected, "max_ejected", Type::number, "0.5", "0..1", "", kReload,
     "share of the pool's servers that may be ejected at once; the last one in service always stays"},
    {&Pool::slow_start, "slow_start", Type::duration, "0s", "0s..1h", "", kReload,
     "how long a server that came back counts as slower than it is; 0s: not at all"},

    // [[server]]
    {&Server::name, "name", Type::name, kRequired, "", "", kReload, "as in log, metrics and commands"},
    {&Server::pool, "pool", Type::name, kRequired, "", "", kReload, "whose work it does"},
    {&Server::type, "type", Type::name, kRequired, "", "", kReload,
     "its row of the cost matrix; servers of streams, and they alone, have none"},
    {&Server::bind, "address", Type::address, kRequired, "", "", kReload, "where it listens"},
    {&Server::zone, "zone", Type::name, "", "", "", kReload,
     "where it is, see pool.zone_cost; \"\": near everywhere"},
    {&Server::resolve, "resolve", Type::choice, "first", "first|all", "", kReload,
     "which addresses of a name; while it has none its server is down; all: each is a server of its own, "
     "named NAME@ADDRESS, with all keys of this one, and "
     "counts in max_servers"},
    {&Server::check_bind, "check_address", Type::address, "", "", "", kReload,
     "where it is checked; \"\": at its address"},
    {&Server::metrics, "metrics", Type::text, "", "", "", kReload,
     "URL of a page for Prometheus that tells its CPU and memory, as http://10.0.0.5:9100/metrics, by its "
     "address or by the name of address; \"\": it says itself, or not"},
    {&Server::sources, "source", Type::hosts, "[]", "", "", kReload,
     "this machine's addresses from which it is connected to, in turn; none: as the kernel chooses. Each is "
     "good for some 28,000 streams"},
    {&Server::protocol, "protocol", Type::choice, "frame", "frame|mini|http", "", kReload,
     "what it speaks; http: a POST for each request, over `slots` connections; mini servers "
     "take lengths from 0 to 9 without body: "
     "for a type that only they do, behind a frame listener, work.max_length must be 9 at most"},
    {&Server::path, "path", Type::text, "/{type}", "", "", kReload,
     "of http: where requests are posted; {type}, {length} and {id} stand for those of the request"},
    {&Server::speed, "speed", Type::number, "1.0", "0.001..1000", "", kReload,
     "2.0 does the same work in half the time"},
    {&Server::weight, "weight", Type::number, "1.0", "0..1000", "", kReload,
     "its share under policies that go by weight; 0: no new work under any policy, while it goes on being "
     "checked"},
    {&Server::backup, "backup", Type::boolean, "false", "", "", kReload,
     "given work only while no other server of its pool can be: all are down, out of reach, or have refused "
     "it"},
    {&Server::slots, "slots", Type::integer, "1", "1..65536", "", kReload,
     "how many requests it works on at once"},
    {&Server::links, "links", Type::integer, "1", "1..64", "", kReload,
     "connections to it that each worker keeps open"},
    {&Server::max_buffer, "max_buffer", Type::size, "1MiB", "64KiB..1GiB", "", kReload,
     "bytes of requests that it has not read, per link, and with late binding of bodies that it has not "
     "answered "
     "beyond twice its slots; above it the link is given no more"},
    {&Server::keepalive, "keepalive", Type::duration, "10s", "0s..24h", "", kReload,
     "a link is probed by TCP after so long without a byte, and given up after as long again; 0s: never"},
    {&Server::user_timeout, "user_timeout", Type::duration, "15s", "0s..24h", "", kReload,
     "a link that takes none of the bytes sent over it for so long is given up; 0s: when the kernel gives "
     "up, "
     "as by default for streams"},
    {&Server::capacity, "capacity", Type::number, "100", "0.001..1000000", "%", kReload,
     "of streams: the load that it can take"},
    {&Server::max_connections, "max_connections", Type::integer, "0", "0..1000000", "connections", kReload,
     "of streams: so many at once, of all workers; 0: any number"},
    {&Server::send_proxy, "send_proxy", Type::choice, "off", "off|v1|v2", "", kReload,
     "of streams: tells the server whose connection it is, by the PROXY protocol; it must be set to expect "
     "that"},

    {as<Server>(&TlsOut::tls), "tls", Type::boolean, "false", "", "", kReload,
     "whether it is spoken to over TLS, by links, streams and checks"},
    {as<Server>(&TlsOut::tls_name), "tls_name", Type::text, "", "", "", kReload,
     "name that its certificate must have, and that it is asked for; \"\": the host of its address"},
    {as<Server>(&TlsOut::tls_verify), "tls_verify", Type::boolean, "true", "", "", kReload,
     "whether its certificate must lead to one that is trusted, and have that name"},
    {as<Server>(&TlsOut::tls_ca), "tls_ca", Type::file, "", "", "", kReload,
     "file with the certificates that are trusted (PEM); \"\": those of the system"},
    {as<Server>(&TlsOut::tls_certificate), "tls_certificate", Type::file, "", "", "", kReload,
     "file with the certificate that it is shown when it asks for one (PEM); \"\": none"},
    {as<Server>(&TlsOut::tls_key), "tls_key", Type::file, "", "", "", kReload,
     "file with the private key of that; \"\": it stands in the same file"},
    {as<Server>(&TlsOut::tls_pins), "tls_pins", Type::texts, "[]", "", "", kReload,
     "SHA-256 of certificates, as 64 hexadecimal digits, one of which it must show; none: any"},

    // [alerts]
    {&Alerts::enabled, "enabled", Type::boolean, "true", "", "", kReload,
     "whether rules are looked at; who is told of them, beside log and dashboard, is said below"},
    {&Alerts::group_wait, "group_wait", Type::duration, "3s", "0s..10m", "", kReload,
     "alerts that follow each other within this time are one message"},
    {&Alerts::repeat, "repeat", Type::duration, "4h", "0s..720h", "", kReload,
     "how often what still fires, and nobody has acknowledged, is told again; 0s: never"},
    {&Alerts::webhook, "webhook", Type::text, "", "", "", kReload,
     "http:// or https:// URL that is sent each message as JSON; \"\": none"},
    {&Alerts::webhook_secret_file, "webhook_secret_file", Type::file, "", "", "", kReload,
     "file with the secret that messages are signed with, in the header X-Finishline-Signature; \"\": they "
     "are not"},
    {&Alerts::mail_server, "mail_server", Type::text, "", "", "", kReload,
     "smtp://HOST:PORT or smtps://HOST:PORT that mails are given to; \"\": no mail"},
    {&Alerts::mail_from, "mail_from", Type::text, "", "", "", kReload, "the sender of mails, USER@HOST"},
    {&Alerts::mail_to, "mail_to", Type::text, "", "", "", kReload, "who gets mails, with commas"},
    {&Alerts::mail_user, "mail_user", Type::text, "", "", "", kReload,
     "whom the mail server is told that mails come from; \"\": nobody signs in there"},
    {&Alerts::mail_password_file, "mail_password_file", Type::file, "", "", "", kReload,
     "file with the password of mail_user"},
    {&Alerts::mail_starttls, "mail_starttls", Type::choice, "required", "required|when_offered|off", "",
     kReload, "of smtp://: whether the connection must be encrypted before anything is said over it"},
    {&Alerts::ca_file, "ca_file", Type::file, "", "", "", kReload,
     "file of the certificates that webhook and mail server are checked by; \"\": those of the system"},

    // [alert.RULE]
    {&AlertRule::enabled, "enabled", Type::boolean, "true", "", "", kReload, "whether it is looked at"},
    {&AlertRule::threshold, "threshold", Type::number, "0.2", "0.000001..1000000", "", kReload,
     "an alert is pending from this value on"},
    {&AlertRule::hold, "for", Type::duration, "30s", "0s..24h", "", kReload,
     "and fires once that has lasted for so long"},
    {&AlertRule::severity, "severity", Type::choice, "warning", "warning|critical", "", kReload,
     "how grave it is"},

#include "lb/config/peer_keys.def"
#include "lb/config/scale_keys.def"
};

}  // namespace

std::span<const Key> keys() { return kKeys; }

}  // namespace finishline::config
