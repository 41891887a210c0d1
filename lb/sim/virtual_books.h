// The proxy's books under a virtual clock: what lb/ledger keeps in shared memory, by the same arithmetic.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lb/ledger/finish_rule.h"
#include "lb/sched/policy.h"
#include "lb/sched/response_times.h"
#include "proto/cost_model.h"

namespace finishline::sim {

class VirtualBooks {
 public:
  VirtualBooks(const CostModel& cost, std::span<const ServerSpec> servers, std::vector<double> weights = {});

  /// What a policy sees of all servers for a request of this type. Valid until the next call of any method.
  sched::PoolView view(RequestType type, Instant now);
  /// Books `service` on the server.
  void reserve(std::size_t server, Nanos service, Instant now);
  /// What a reply says.
  struct Settlement {
    Nanos booked{};    // as in reserve()
    Nanos actual{};    // how long the server worked on it
    Nanos backlog{};   // what the server has left
    Nanos response{};  // since it was sent
  };
  void settle(std::size_t server, const Settlement& reply, Instant now);

 private:
  struct Row {
    std::int64_t word = ledger::kIdle;
    ledger::ServerBooks books;
  };
  std::int64_t finish_of(std::size_t server, std::int64_t now) const;

  std::vector<Row> rows_;
  std::vector<std::vector<double>> nanos_per_unit_;  // [request type][server]
  // The columns of the view.
  std::vector<std::int64_t> finish_;
  std::vector<std::uint32_t> in_flight_;
  std::vector<std::int64_t> backlog_;
  std::vector<double> weight_;
  std::vector<std::uint32_t> slots_;
  std::vector<std::uint64_t> identity_;
  sched::ResponseTimes response_times_;
};

}  // namespace finishline::sim
