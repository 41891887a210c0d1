#include "lb/sched/maglev.h"

#include <algorithm>
#include <array>

#include "lb/sched/hash.h"

namespace finishline::sched {
namespace {

constexpr std::uint32_t kFree = 0xffffffff;

/// One server's own order of all places.
class Walk {
 public:
  Walk(std::uint64_t identity, std::uint32_t places)
      : places_(places),
        place_(static_cast<std::uint32_t>(mix(identity, 1) % places)),
        step_(static_cast<std::uint32_t>(mix(identity, 2) % (places - 1)) + 1) {}

  std::uint32_t next() {
    const std::uint32_t place = place_;
    place_ = (place_ + step_) % places_;
    return place;
  }

 private:
  std::uint32_t places_, place_, step_;
};

}  // namespace

std::uint32_t maglev_places(std::size_t servers) {
  constexpr std::array<std::uint32_t, 3> kPrimes{5003, 65537, 655373};
  const auto enough = std::ranges::find_if(kPrimes, [&](std::uint32_t p) { return p >= 100 * servers; });
  return enough == kPrimes.end() ? kPrimes.back() : *enough;
}

std::vector<std::uint32_t> maglev_table(std::span<const std::uint64_t> identity,
                                        std::span<const double> weight) {
  if (identity.empty()) return {};
  const std::uint32_t places = maglev_places(identity.size());
  std::vector<Walk> walks;
  for (const std::uint64_t server : identity) walks.emplace_back(server, places);
  const double heaviest = *std::ranges::max_element(weight);
  std::vector<double> turns(identity.size(), 0);  // saved up; a whole one is taken
  std::vector<std::uint32_t> table(places, kFree);
  for (std::uint32_t filled = 0;;) {
    for (std::uint32_t server = 0; server < walks.size(); ++server) {
      turns[server] += weight[server] / heaviest;
      if (turns[server] < 1) continue;
      turns[server] -= 1;
      std::uint32_t place = walks[server].next();
      while (table[place] != kFree) place = walks[server].next();
      table[place] = server;
      if (++filled == places) return table;
    }
  }
}

}  // namespace finishline::sched
