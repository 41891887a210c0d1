#include "lb/master/drain_notice.h"

#include <chrono>
#include <ctime>
#include <string>

#include "lb/ledger/metrics.h"
#include "lb/log/log.h"

namespace finishline::master {
namespace {

/// "15:04:05Z"
std::string time_of_day(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  char text[16];
  ::gmtime_r(&seconds, &parts);
  return {text, std::strftime(text, sizeof text, "%H:%M:%SZ", &parts)};
}

}  // namespace

void tell_of_drain(const ledger::Ledger& ledger, Nanos patience) {
  const ledger::MetricsReader metrics(ledger);
  const auto until = std::chrono::system_clock::now() + patience;
  log::write(log::Event::draining, {{"connections", metrics.total(ledger::WorkerCell::connections_open)},
                                    {"open", metrics.total(ledger::WorkerCell::requests_open)},
                                    {"until", time_of_day(until)},
                                    {"hint", "a second signal ends it at once"}});
}

}  // namespace finishline::master
