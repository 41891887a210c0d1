// Senses how the servers are and acts on it: checks them on a schedule, samples what the workers met at them,
// steps the pure machine (lb/sched/health_state.h), and writes what it says into the ledger and the log.
// Control process. Without it the states stay what they were.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lb/control/probe.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/metrics.h"
#include "lb/sched/health_state.h"

namespace finishline::control {

/// The servers of one pool under watch.
class PoolWatch {
 public:
  struct Member {
    ledger::ServerId id = 0;
    std::string name;
    std::optional<Probe::Options> probe;  // nothing: not checked
  };
  struct Options {
    sched::HealthOptions health;
    Nanos check_interval = 2s;
    std::vector<Member> members;
  };

  /// Goes on from the states in the ledger. Loop and ledger outlive it.
  PoolWatch(net::Loop& loop, ledger::Ledger& ledger, Options options, std::uint64_t seed);
  PoolWatch(const PoolWatch&) = delete;
  PoolWatch& operator=(const PoolWatch&) = delete;

  /// Reads what the workers met since the last call; to be called every kSample.
  void sample();
  static constexpr Nanos kSample = 100ms;
  /// False when the server is not of this pool.
  bool set_admin(ledger::ServerId server, ledger::AdminState admin);

 private:
  /// What the workers had counted at the last look.
  struct Counts {
    std::int64_t served = 0;
    std::int64_t errors = 0;
    std::int64_t lost = 0;
  };
  struct Watched {
    Member member;
    std::unique_ptr<Probe> probe;
    std::unique_ptr<net::Timer> next_check;
    Counts counts;
    std::uint64_t trials = 0;
    std::string last_fault;  // of the last check that failed
  };

  void watch(std::size_t server);
  void schedule(std::size_t server, bool first);
  void on_checked(std::size_t server, const Probe::Fault& fault);
  Counts count(ledger::ServerId server) const;
  sched::Experience experience(Watched& watched) const;
  void publish();
  void publish(std::size_t server);
  void log_change(const Watched& watched, ledger::ServerState before, std::string_view reason) const;
  std::string_view reason(std::size_t server) const;

  net::Loop& loop_;
  ledger::Ledger& ledger_;
  ledger::MetricsReader reader_;
  Nanos check_interval_;
  sched::Random random_;
  std::vector<Watched> servers_;
  sched::PoolHealth health_;
};

class HealthChecker {
 public:
  HealthChecker(net::Loop& loop, ledger::Ledger& ledger, std::vector<PoolWatch::Options> pools,
                std::uint64_t seed);

  /// The operator's word; in the ledger and in force when this returns. False when no pool has such a server.
  bool set_admin(ledger::ServerId server, ledger::AdminState admin);

 private:
  std::vector<std::unique_ptr<PoolWatch>> pools_;
  net::Timer sample_;
};

}  // namespace finishline::control
