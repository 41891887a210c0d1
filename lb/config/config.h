// The configuration as values. config.cc holds the key table; finishline.example.toml is the manual.
// Read by the master before the fork; plain data afterwards.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lb/address/network.h"
#include "lb/alert/rule.h"
#include "lb/config/choices.h"
#include "lb/config/rate.h"
#include "lb/config/scale.h"
#include "lb/sched/distance.h"
#include "lb/sched/matching.h"
#include "lb/sched/policies.h"
#include "lb/tls/settings.h"
#include "proto/cost_model.h"
#include "proto/frame.h"
#include "proto/units.h"

namespace finishline::config {

/// [proxy]
struct Proxy {
  std::uint32_t workers = 0;                // as written, 0: one per core; Config::worker_count() resolves it
  std::string admin = "127.0.0.1:9900";     // "" turns the admin server off
  std::uint32_t max_workers = 128;          // size of the ledger
  std::uint32_t max_servers = 1024;         // size of the ledger
  std::uint32_t max_peers = 8;              // size of the ledger
  std::uint32_t max_connections = 10000;    // client connections of all workers together
  std::uint32_t max_sources = 16384;        // size of the ledger
  std::uint64_t max_buffered = 256U << 20;  // bytes, per worker
  std::uint64_t seed = 0;                   // of all random choices; 0: from the system
  Nanos drain_timeout = 30s;                // SIGTERM: open requests may take this long
  Nanos watchdog = 10s;       // a child whose loop does not turn for so long is replaced; 0: never
  Nanos reload_timeout = 0s;  // a reload: what the old workers have open may; 0: as long as it takes
  std::uint32_t max_old_generations = 16;  // of workers that earlier reloads have left to finish
  Nanos resolve_interval = 30s;            // names of servers are looked up again; 0: never
  std::string pid_file;                    // "": none
  std::string state_dir;                   // what outlives a restart is kept there; "": nothing does
  std::optional<Nanos> busy_poll = 0s;     // a worker looks for bytes so long before it sleeps; none: auto
  std::string zone;                        // where this proxy is; "": nowhere
  std::string timezone;                    // by whose days and weeks the load goes; "": UTC
  std::vector<std::string> special_days;   // unlike others, as 2026-12-24
  std::string admin_token_file;            // bearer tokens for changes; "" allows none
  bool admin_anonymous = true;             // who comes from this machine may look without a token
  net::Networks admin_viewers;             // from here anybody may look without a token, too
  std::string admin_hosts;                 // names that the page is reached by, with commas
  std::string geo_database;                // countries of client addresses; "": none are known
  std::string admin_tls_certificate;       // file; "": the admin server speaks no TLS
  std::string admin_tls_key;               // "": it stands beside the certificate
  bool admin_insecure = false;             // the admin server may be reached from other machines without TLS
  std::string user;                        // that workers and control become when started as root; "": stay
  std::string group;                       // "": the user's own
  bool seccomp = false;                    // workers: only the system calls that they need
  bool admin_speaks_tls() const { return !admin_tls_certificate.empty(); }
  const std::string& admin_key_file() const {
    return admin_tls_key.empty() ? admin_tls_certificate : admin_tls_key;
  }
  bool operator==(const Proxy&) const = default;
};

/// [log]
struct Log {
  LogFormat format = LogFormat::text;
  LogLevel level = LogLevel::info;
  std::string file;            // "" is standard error
  std::string access = "off";  // the access log's file
  double access_share = 0.01;  // of requests
  Nanos access_slow = 1s;      // 0: none is slow

  bool tells_access() const { return access != "off" && !access.empty(); }
  bool operator==(const Log&) const = default;
};

/// How others are spoken to over TLS: whom to trust, and what to show.
struct TlsOut {
  bool tls = false;
  std::string tls_name;               // the certificate must have it; "": the host of the address
  bool tls_verify = true;             // the certificate
  std::string tls_ca;                 // file; "": those of the system
  std::string tls_certificate;        // file with our own; "": none
  std::string tls_key;                // "": it stands beside the certificate
  std::vector<std::string> tls_pins;  // sha256 of the certificate, one of them; none: any
  const std::string& tls_key_file() const { return tls_key.empty() ? tls_certificate : tls_key; }
  bool operator==(const TlsOut&) const = default;
};

/// One address of a redis.
struct EngineAddress {
  net::Address address;
  std::string host;  // as written
  bool operator==(const EngineAddress&) const = default;
};

/// [peers]
struct Peers : TlsOut {
  std::string name;             // of this proxy among the others; "": it is alone
  std::string redis;            // redis[s]://HOST:PORT[/DB], with commas where there are several
  std::string user;             // "": the default user
  std::string password_file;    // "": none is asked for
  std::string sentinel_master;  // the name by which sentinels know the master
  Nanos sync_interval = 1ms;
  Nanos silence = 150ms;
  std::string prefix = "finishline";
  std::vector<EngineAddress> engines;  // of `redis`, resolved; no key of their own, as `tls` here
  std::uint32_t database = 0;          // likewise
  std::string unresolved;              // why there is none
  bool operator==(const Peers&) const = default;
  bool on() const { return !name.empty(); }
};

/// [alerts]
struct Alerts {
  bool enabled = true;
  Nanos group_wait = 3s;
  Nanos repeat = std::chrono::hours(4);  // 0: never
  std::string webhook;                   // URL; "": none
  std::string webhook_secret_file;       // "": requests are not signed
  std::string mail_server;               // smtp://HOST:PORT or smtps://HOST:PORT; "": no mail
  std::string mail_from;
  std::string mail_to;             // with commas
  std::string mail_user;           // "": nobody signs in
  std::string mail_password_file;  // of that user
  StartTls mail_starttls = StartTls::required;
  std::string ca_file;  // certificates that servers are checked by; "": the system's
  bool operator==(const Alerts&) const = default;
};

/// Names of servers as clients ask for them, and the pools that serve them.
using Routes = std::vector<std::pair<std::string, std::string>>;

/// [[listener]]
struct Listener {
  std::string name;
  std::string bind;      // as written
  net::Address address;  // resolved
  bool v6only = false;   // as written, or because another one has 0.0.0.0 on this port
  bool freebind = false;
  std::string unix_mode = "0660";  // of the socket's file: octal
  std::string unix_user;           // whose it is; "": the master's
  std::string unix_group;
  Mode mode = Mode::frame;
  std::string pool;
  bool describe = true;
  std::uint32_t max_body = proto::kDefaultMaxBody;  // bytes
  std::uint32_t max_open = 1024;                    // requests open per connection; above it reading pauses
  std::uint32_t max_buffer = 256U << 10;            // bytes of replies not read, per connection
  Nanos header_timeout = 10s;                       // a frame once begun must be whole after this long
  Nanos idle_timeout = 0s;                          // 0: never
  Nanos handshake_timeout = 60s;                    // 0: none
  Nanos keepalive = 60s;                            // 0: none
  Nanos user_timeout = 60s;                         // 0: the kernel's
  net::Networks proxy_from;                         // who begins with a PROXY protocol header
  Nanos half_closed_timeout = 60s;                  // streams; 0: never
  double load = 1.0;                                // of one stream, percent of a server of capacity 100
  std::string length_from = "query";                // http: see model::parse_length_source()
  std::uint32_t bytes_per_unit = 64U << 10;         // http, length_from = "body"
  bool retryable = true;                            // http: of requests that do not say

  // Who may come, how many and how fast: lb/worker/admission.h says how these work together.
  net::Networks allow;                 // empty: everybody
  net::Networks deny;                  // wins
  net::NetworkWeights client_weights;  // of what waits: shares of their clients; none: they take turns
  std::uint32_t max_connections = 0;   // of this listener, all workers; 0: no limit of its own
  std::uint32_t max_per_source = 0;    // connections per client address; 0: none
  Rate connection_rate;                // of this listener
  std::uint32_t connection_burst = 0;  // 0: what one second brings
  Rate source_connection_rate;         // per client address
  std::uint32_t source_connection_burst = 0;
  Rate request_rate;
  std::uint32_t request_burst = 0;
  Rate source_request_rate;
  std::uint32_t source_request_burst = 0;

  // TLS: files are read by workers alone.
  std::vector<std::string> tls_certificates;  // files; none: clients speak no TLS
  std::vector<std::string> tls_keys;          // in the same order; none: they stand beside the certificates
  tls::MinVersion tls_min_version = tls::MinVersion::v1_2;
  std::vector<std::string> tls_alpn;  // the best first
  tls::ClientAuth tls_client_auth = tls::ClientAuth::off;
  std::string tls_client_ca;                    // file
  std::vector<std::string> tls_allow_subjects;  // none: every good certificate
  std::vector<std::string> tls_ocsp;            // files, in the order of the certificates
  bool tls_tickets = true;
  Routes sni;  // streams of TLS that is not ended here: the pool of each name; others: `pool`

  bool speaks_tls() const { return !tls_certificates.empty(); }
  /// The file with the key of the certificate at this place.
  const std::string& key_file(std::size_t at) const {
    return tls_keys.empty() ? tls_certificates[at] : tls_keys[at];
  }
  bool limits_sources() const {
    return max_per_source > 0 || source_connection_rate.limits() || source_request_rate.limits();
  }
  bool operator==(const Listener&) const = default;
};

/// [pool.NAME]
struct Pool {
  std::string name;
  std::string policy = "makespan";
  double gamma = 0.5;                          // regret
  std::string candidates{sched::kCandidates};  // adaptive: what it chooses among, with commas
  Nanos timeout = std::chrono::minutes(10);    // a request's deadline when it brings none; 0: none
  std::uint32_t max_attempts = 3;              // times that a retryable request is sent in all
  Nanos retry_wait{1s};                        // for a server to come back, when none is left

  Nanos link_ping = 2s;  // an idle link is pinged after this long; 0: never

  // When a request is bound to a server: sched/matching.h.
  WhenBound binding = WhenBound::automatic;
  sched::WaitOrder order = sched::WaitOrder::balanced;
  double aging = 3;
  std::optional<Nanos> mark;                           // none: learned
  std::vector<Nanos> priorities{0s, 50ms, 200ms, 1s};  // what each class is worth, see proto::kPriorities
  std::uint32_t max_ahead = 4;                         // of one client, by type and class; 0: all
  Admit admit = Admit::always;
  sched::Distance zone_cost;  // of servers of another zone
  Learn learn = Learn::off;   // costs: ledger/learned_costs.h
  ShareBy sharing = ShareBy::rows;
  /// Its requests wait until a server is about to be free.
  bool binds_late() const {
    return !streams &&
           (binding == WhenBound::late || (binding == WhenBound::automatic && policy == "makespan"));
  }

  /// One of several proxies decides for all: ledger/seats.h.
  bool has_seat() const { return sharing == ShareBy::seat && binds_late(); }

  /// In batches the longest of all that wait has to be seen.
  std::uint32_t max_ahead_of_client() const { return order == sched::WaitOrder::longest ? 0 : max_ahead; }

  bool waits_when_full() const { return !streams && when_full == WhenFull::wait && max_backlog > 0s; }

  // Back-pressure: what happens when servers have more to do than they should.
  Nanos coalesce = 20us;  // requests of one batch share a server that will do them within this time; 0: never
  Nanos max_backlog = 0s;     // of one server; 0: no limit
  Nanos rebalance_gap = 0s;   // what is bound and not sent moves for so much; 0: only off who takes no work
  double rebalance_load = 0;  // of streams: percent; 0: never
  WhenFull when_full = WhenFull::reject;
  /// Requests or streams, per worker. None: kMostWaiting, and in a pool that binds late no limit but
  /// max_backlog and memory.
  std::optional<std::uint32_t> max_waiting;
  static constexpr std::uint32_t kMostWaiting = 1024;
  // Streams
  bool streams = false;  // what its listeners bring; no key of its own
  Nanos connect_timeout = 5s;
  Nanos queue_timeout = 10s;  // 0: none
  LoadBy load_by = LoadBy::connection;
  std::uint32_t load_rate = 100U << 20;  // by bytes: so many a second make the whole load
  Bulk bulk = Bulk::automatic;           // how long stretches of bytes are moved

  // Health: lb/sched/health_state.h says how these work together.
  Check check = Check::automatic;
  Nanos check_interval = 2s;
  Nanos check_timeout = 1s;
  std::string check_path = "/";           // http
  std::string check_host;                 // http; "": the server's address
  std::string check_status = "200..399";  // http: what passes, see statuses_in()
  std::string check_user = "finishline";  // postgres
  std::uint32_t rise = 2;
  std::uint32_t fall = 3;
  std::uint32_t eject_after = 5;  // failed requests in a row; 0: never
  Nanos eject_time = 5s;
  double eject_over = 10;    // percent of requests that fail; 0: never
  double max_ejected = 0.5;  // share of the pool
  Nanos slow_start = 0s;     // 0: none
  Scale scale{};
  bool operator==(const Pool&) const = default;
};

/// [[server]]
struct Server : TlsOut {
  std::string name;
  std::string pool;
  std::string type;  // a row of the cost matrix; "" in a pool of streams
  ServerType type_index = 0;
  std::string bind;        // `address` as written
  net::Address address;    // resolved; none when it could not be
  std::string unresolved;  // why it, or its check, has none
  std::string zone;        // where it is; "": everywhere
  Resolve resolve = Resolve::first;
  std::string check_bind;             // `check_address` as written; "": the same address
  net::Address check_address;         // resolved
  std::string metrics;                // URL of a page that tells its CPU and memory; "": none
  std::vector<net::Address> sources;  // it is connected to from these in turn; none: the kernel chooses
  Mode protocol = Mode::frame;        // frame, mini or http
  std::string path = "/{type}";       // http: where requests are posted
  double speed = 1.0;
  double weight = 1.0;
  bool backup = false;
  std::uint32_t slots = 1;
  std::uint32_t links = 1;                // connections per worker
  std::uint32_t max_buffer = 1U << 20;    // bytes per link
  Nanos keepalive = 10s;                  // 0: none
  Nanos user_timeout = 15s;               // 0: the kernel's
  double capacity = 100;                  // streams: the load it can take, in percent
  std::uint32_t max_connections = 0;      // streams, of all workers; 0: any number
  SendProxy send_proxy = SendProxy::off;  // streams: what it is told of each client
  std::string tls_server_name() const;
  bool scaled = false;  // started and ended while the proxy runs; its port stands in the ledger
  bool operator==(const Server&) const = default;
};

/// Of "200" or "200..399", both ends included; nothing when it is neither.
std::optional<std::pair<int, int>> statuses_in(std::string_view text);
/// So many pools may a configuration have.
inline constexpr std::size_t kMaxPools = 2048;

struct Config {
  std::string file;
  Proxy proxy;
  Log log;
  Peers peers;
  Alerts alerts;
  alert::AlertRules alert_rules = alert::default_rules();  // [alert.NAME]
  std::uint32_t max_length = 1000000;                      // [work] units; a longer request is too_large
  CostModel cost;                                          // [work] and [cost.*]
  std::vector<Listener> listeners;
  std::vector<Pool> pools;
  std::vector<Server> servers;  // one of resolve = "all" stands here once for each address: NAME@ADDRESS
  net::Address admin_address;   // of proxy.admin
  bool admin_v6only = false;    // because a listener has 0.0.0.0 on its port
  /// proxy.max_connections is nobody's wish, and may be less where the limit of open files is
  /// (descriptors.h).
  bool default_connections = false;

  /// At least 1, at most half of proxy.max_workers: a reload runs two generations of them side by side.
  std::uint32_t worker_count() const;
  /// Position in `pools`; the configuration was checked, so the name is there.
  std::size_t pool_index(std::string_view name) const;
  bool serves_streams(const Server& server) const;
  /// By what it counts as slower, being in another zone than this proxy.
  sched::Distance distance(const Server& server) const;
  /// Whether any listener takes streams.
  bool has_streams() const;
  /// Whether any may go through pipes.
  bool may_splice() const;
};

/// One thing that is wrong. `line` and `column` count from 1; 0 where no place can be named.
struct Problem {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string key;      // "server[2].adress": sections of one kind are counted from 1, too
  std::string message;  // what is wrong
  std::string remedy;   // what to do, "did you mean 'address'?"
  std::string file{};   // where it is, of several (include.h); "": the configuration file
};

/// In a file that is included, its name stands in the place of `file`.
/// "finishline.toml:12:1: server[2].adress: unknown key; did you mean 'address'?"
std::string to_string(const Problem& problem, std::string_view file);

/// What a name is looked up for: to be bound by the proxy, or to be connected to.
enum class Use : std::uint8_t { bind, connect };
using Hosts = std::vector<net::Address>;
/// All addresses of a host name, at least one; or the reason why there is none.
using Addresses = std::variant<Hosts, std::string>;
/// How a host name becomes addresses. An empty one leaves names as they are: nobody asks, nobody complains.
using Resolver = std::function<Addresses(const std::string& name, Use use)>;

/// So many bytes may a configuration file have; what is longer has no end, such as /dev/zero.
inline constexpr std::size_t kLongestText = 64U << 20;
/// What stands in the file, or why it cannot be read.
std::variant<std::string, Problem> read_text(const std::string& file);

/// Reads and checks all of it, without side effects; either a configuration, or every problem at once in the
/// order of the file. Its names were not looked up: it is to be read, not to be run (source.h).
std::variant<Config, std::vector<Problem>> load(const std::string& file);
/// The same of a text. Where a name of the proxy's own cannot be resolved that is a problem; where one of a
/// server cannot, that server has no address, and says why. `overlay` is what was changed since (overlay.h).
std::variant<Config, std::vector<Problem>> parse(std::string_view text, const std::string& file,
                                                 const Resolver& resolve = {}, std::string_view overlay = {});

}  // namespace finishline::config
