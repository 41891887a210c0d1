// Reads the /metrics pages of servers that have one (server.metrics), every few seconds, for those that do
// not say in their pong how they are. Control process, on its loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lb/ledger/ledger.h"
#include "lb/net/loop.h"
#include "lb/net/stream.h"
#include "lb/net/timer.h"
#include "proto/server_vitals.h"

namespace finishline::control {

class VitalsReader {
 public:
  static constexpr Nanos kInterval = 5s;
  static constexpr std::size_t kMostBytes = 4U << 20;  // of a page; a longer one is none

  struct VitalsTarget {
    ledger::ServerId row = 0;
    net::Address address{};
    std::string host, path;
    bool operator==(const VitalsTarget&) const = default;
  };

  VitalsReader(net::Loop& loop, std::vector<VitalsTarget> targets, Nanos interval = kInterval);
  ~VitalsReader();
  VitalsReader(const VitalsReader&) = delete;
  VitalsReader& operator=(const VitalsReader&) = delete;

  /// Of another configuration; what is known of servers that stay is kept.
  void change_to(std::vector<VitalsTarget> targets);
  /// As of the last page; nothing while there is none. CPU is of the time between the last two.
  std::optional<proto::ServerVitals> vitals(ledger::ServerId row) const;

 private:
  class Page;

  void read_all();

  net::Loop& loop_;
  std::vector<std::unique_ptr<Page>> pages_;
  net::Timer timer_;
};

}  // namespace finishline::control
