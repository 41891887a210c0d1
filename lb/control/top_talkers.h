// Who sends most: client networks by their requests and new connections of the last half minute or so, out
// of the samples that workers take while somebody looks (ledger/source_samples.h). Control process, on its
// loop.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lb/address/address.h"
#include "lb/control/talker.h"
#include "lb/ledger/source_samples.h"
#include "lb/model/heavy_hitters.h"
#include "lb/net/loop.h"
#include "lb/net/timer.h"

namespace finishline::control {

/// What a client address counts as.
enum class SourceDetail : std::uint8_t {
  network,  // its /24, of IPv6 its /64
  address,
};

class TopTalkers {
 public:
  /// Networks, and addresses, that are told apart: what is less than 1/512 of all may be somebody else's.
  static constexpr std::size_t kCounters = 512;
  /// What came so long ago counts 1/e.
  static constexpr double kSpan = 30;  // seconds
  /// Workers tell for so long after somebody looked last.
  static constexpr Nanos kLease = 5s;

  /// Both outlive it. Nobody looks at first.
  TopTalkers(net::Loop& loop, ledger::Ledger& ledger);

  /// Somebody wants to know. The first look begins it.
  void look();
  using CountryOf = std::function<std::string(const net::Address& host)>;
  /// Those with the largest rates, then those with most connections; none while nobody looks.
  std::vector<Talker> top(SourceDetail detail, std::size_t most, const CountryOf& country_of = {}) const;

 private:
  using Hitters = model::HeavyHitters<ledger::SourceHost>;
  struct Counts {
    Hitters requests{kCounters}, connections{kCounters};
  };

  void poll();
  void take(const ledger::SourceSample& sample);
  void forget();
  double per_second(double weight) const;

  net::Loop& loop_;
  ledger::Ledger& ledger_;
  std::optional<ledger::SourceReader> reader_;  // while somebody looks
  std::vector<ledger::SourceSample> fresh_;
  Counts networks_, addresses_;
  double watched_ = 0;  // what one per second would weigh by now
  Instant looked_at_{}, faded_at_{};
  net::Timer timer_;
};

/// The network of an address: 120 bits of IPv4 as it lies in IPv6, 64 of IPv6.
ledger::SourceHost network_of(ledger::SourceHost host);
/// "10.1.2.3", "2001:db8::1"; with its network's size where that is asked for.
std::string text_of(const ledger::SourceHost& host, SourceDetail detail);

}  // namespace finishline::control
