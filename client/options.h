// What the command line asked for; defaults stand here, explanations in main.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/priority_mix.h"
#include "client/think_time.h"
#include "lb/model/rate_law.h"
#include "lb/model/traffic.h"
#include "proto/units.h"

namespace finishline::client {

struct Options {
  std::string connect;  // HOST:PORT
  bool mini = false;
  bool tls = false;
  std::string ca;                       // file; "": the system's
  std::string server_name;              // "": the host of `connect`
  bool insecure = false;                // any certificate will do
  std::string tls_cert, tls_key;        // files with our own; "": none
  std::vector<std::string> source_ips;  // empty: as the kernel chooses

  std::uint64_t requests = 0;             // 0: not said
  Nanos duration{};                       // 0: not said
  Nanos warmup{};                         // requests of the first so long are in no figure; 0: none
  std::uint32_t concurrency = 16;         // connections
  std::uint32_t threads = 1;              // among which connections and requests are dealt out
  std::optional<std::uint32_t> pipeline;  // requests open per connection; 0: no limit
  bool reconnect = false;                 // a new connection for every request

  std::optional<model::Arrivals> arrivals;  // nothing: poisson if there is a rate, else closed
  model::RateLaw rate;                      // requests per second
  Nanos step{};                             // how long each of several rates is kept; 0: not said
  std::optional<std::uint64_t> burst;       // requests per burst; nothing: 100
  std::vector<model::Share> mix;            // empty: every type alike
  model::LengthLaw lengths;
  std::optional<std::size_t> body;  // bytes; nothing: 8, or none in the mini protocol
  std::uint64_t seed = 1;
  std::string trace, save_trace, save_replies;
  ThinkTime think;       // closed loop: a connection rests so long after each reply
  std::string csv, hdr;  // files for the run by seconds, and for percentiles; "" for none

  std::vector<model::Share> servers;  // server types and how many of each
  std::string cost;                   // TOML file
  bool describe = true;

  bool retryable = true;
  Nanos deadline{};  // told to the server; 0: none
  PriorityMix priorities;
  bool estimate = false;              // ask when requests would be done, and send none
  bool conformance = false;           // play the rules of the protocol, and send no load
  std::int32_t stops = 0;             // with it: this process is told to end for the last rule; 0: none
  std::optional<bool> against_proxy;  // whose rules; nothing: as the other side describes itself
  std::optional<std::size_t> expect_reply_bytes;
  Nanos connect_timeout = 10s;
  Nanos reply_timeout = 60s;  // 0: never

  std::optional<std::string> json;  // "" is standard output
  bool distribution = false;        // all of the latencies, not some percentiles
  bool quiet = false;               // nothing on standard error but what failed
  bool progress = true;
};

}  // namespace finishline::client
