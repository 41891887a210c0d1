#include "lb/sim/virtual_books.h"

#include <algorithm>
#include <utility>

#include "lb/sched/hash.h"

namespace finishline::sim {
namespace {

std::int64_t count_of(Instant instant) { return instant.time_since_epoch().count(); }

}  // namespace

VirtualBooks::VirtualBooks(const CostModel& cost, std::span<const ServerSpec> servers,
                           std::vector<double> weights)
    : rows_(servers.size()),
      nanos_per_unit_(cost.request_types().size()),
      finish_(servers.size()),
      in_flight_(servers.size()),
      backlog_(servers.size()),
      weight_(std::move(weights)),
      response_times_(servers.size()) {
  weight_.resize(servers.size(), 1.0);
  for (const ServerSpec& server : servers) {
    slots_.push_back(server.slots);
    identity_.push_back(sched::identity_of(server.name));
    for (RequestType type = 0; type < nanos_per_unit_.size(); ++type) {
      nanos_per_unit_[type].push_back(cost.nanos_per_unit(server.type, type, server.speed));
    }
  }
}

std::int64_t VirtualBooks::finish_of(std::size_t server, std::int64_t now) const {
  const Row& row = rows_[server];
  if (row.word > now) return row.word;
  return row.word == ledger::kIdle ? now : ledger::late_finish(row.word, row.books, slots_[server], now);
}

sched::PoolView VirtualBooks::view(RequestType type, Instant now) {
  for (std::size_t server = 0; server < rows_.size(); ++server) {
    finish_[server] = finish_of(server, count_of(now));
    in_flight_[server] = rows_[server].books.in_flight;
    backlog_[server] = rows_[server].books.owed.count();
  }
  return {.now = now,
          .finish = finish_,
          .nanos_per_unit = nanos_per_unit_[type],
          .in_flight = in_flight_,
          .backlog = backlog_,
          .weight = weight_,
          .slots = slots_,
          .identity = identity_,
          .response_time = response_times_.column(now)};
}

void VirtualBooks::reserve(std::size_t server, Nanos service, Instant now) {
  Row& row = rows_[server];
  row.word = ledger::booked_finish(finish_of(server, count_of(now)), service, slots_[server]);
  row.books.owed += service;
  ++row.books.in_flight;
}

void VirtualBooks::settle(std::size_t server, const Settlement& reply, Instant now) {
  response_times_.served(server, reply.response, now);
  Row& row = rows_[server];
  row.books.owed -= reply.booked;
  --row.books.in_flight;
  row.word = ledger::settled_finish(row.word, row.books, slots_[server],
                                    {reply.booked, reply.actual, reply.backlog}, count_of(now));
}

}  // namespace finishline::sim
