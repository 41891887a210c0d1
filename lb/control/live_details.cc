#include "lb/control/live_details.h"

namespace finishline::control {
namespace {

constexpr std::size_t kTalkersTold = 10;

}  // namespace

void LiveDetails::look_for(const http::HttpRequest& request) {
  if (request.path == "/api/v1/live" || request.path == "/api/v1/sources") talkers_.look();
}

void LiveDetails::follow(const Overview& overview, const std::vector<ledger::PoolId>& rows) {
  talkers_.look();
  for (std::size_t i = 0; i < overview.pools.size() && i < rows.size(); ++i)
    if (overview.pools[i].rate < kMostDecisions) explain_.follow(rows[i]);
}

void LiveDetails::add_to(Overview& overview) {
  overview.sources = talkers_.top(SourceDetail::network, kTalkersTold);
  explain_.poll();
  for (ServerView& server : overview.servers)
    server.work = work_ahead(
        explain_.sent_to(server.snapshot->id),
        {.in_flight = server.snapshot->books.in_flight, .slots = server.slots, .finish = server.finish},
        loop_.now());
}

}  // namespace finishline::control
