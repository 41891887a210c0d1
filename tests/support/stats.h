// What a proxy says of itself on /stats, and the sums that must come out when nothing moves.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/support/proxy_under_test.h"
#include "tests/support/wait_until.h"

namespace finishline::test {

struct Stats {
  struct Server {
    std::string name;
    double finish_ms = 0, backlog_ms = 0;
    std::int64_t in_flight = 0, sent = 0, done = 0, failed = 0, abandoned = 0, links_up = 0,
                 unasked_replies = 0;
  };
  struct Worker {
    std::string state;
    pid_t pid = 0;
    std::int64_t starts = 0, requests = 0, connections_open = 0;
  };
  struct Listener {
    std::int64_t accepted = 0, refused = 0, open = 0;
  };
  using Counts = std::map<std::string, std::int64_t>;
  struct TypeCounts {
    std::int64_t received = 0, answered = 0, abandoned = 0;
  };

  std::int64_t accepted = 0, connections_open = 0;
  Counts closed;  // by reason
  std::int64_t received = 0, answered = 0, open = 0, abandoned = 0;
  Counts answers;  // of requests received, by status
  std::map<std::string, TypeCounts> by_type;
  Counts rejected;  // before they were requests, by status
  std::vector<Server> servers;
  std::vector<Worker> workers;
  std::map<std::string, Listener> listeners;

  /// Throws when there is no server of this name.
  const Server& server(const std::string& name) const;
  std::int64_t closed_in_all() const;
};

/// Throws when the page cannot be had or is no JSON.
Stats stats_of(const ProxyUnderTest& proxy);
/// What does not add up, as text; "" when all does: connections, requests, and what was sent to servers. Of
/// a proxy that is busy the numbers are not all of one instant.
std::string discrepancy(const Stats& stats);
/// What is still booked or open, as text; "" when every server is idle, nothing is owed, nothing in flight.
std::string unrest(const Stats& stats);
/// Waits until there is neither; what remained at the end, and what a sanitizer had to say, or "".
std::string unrest_at_the_end(const ProxyUnderTest& proxy, Nanos at_most = patience());

}  // namespace finishline::test
