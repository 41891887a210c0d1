#include "lb/control/live_details.h"

namespace finishline::control {
namespace {

constexpr std::size_t kTalkersTold = 10;

}  // namespace

void LiveDetails::look_for(const http::HttpRequest& request) {
  if (request.path != "/api/v1/live" && request.path != "/api/v1/sources") return;
  talkers_.look();
  countries_.look(loop_.now());
}

void LiveDetails::follow(const Overview& overview, const std::vector<ledger::PoolId>& rows) {
  talkers_.look();
  countries_.look(loop_.now());
  for (std::size_t i = 0; i < overview.pools.size() && i < rows.size(); ++i)
    if (overview.pools[i].rate < kMostDecisions) explain_.follow(rows[i]);
}

std::vector<Talker> LiveDetails::talkers(SourceDetail detail, std::size_t most) const {
  return talkers_.top(detail, most, [this](const net::Address& it) { return countries_.country_of(it); });
}

std::vector<Talker> LiveDetails::countries(std::size_t most) const {
  if (!countries_.known()) return {};
  return by_country(talkers(SourceDetail::network, TopTalkers::kCounters), most);
}

void LiveDetails::add_to(Overview& overview) {
  overview.sources = talkers(SourceDetail::network, kTalkersTold);
  overview.countries = countries(kTalkersTold);
  overview.countries_note = countries_note();
  explain_.poll();
  for (ServerView& server : overview.servers)
    server.work = work_ahead(
        explain_.sent_to(server.snapshot->id),
        {.in_flight = server.snapshot->books.in_flight, .slots = server.slots, .finish = server.finish},
        loop_.now());
}

}  // namespace finishline::control
