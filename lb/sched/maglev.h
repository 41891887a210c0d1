// The table of Maglev hashing (Eisenbud et al., NSDI 2016, section 3.4): every server fills its share of the
// places, and few places change hands when a server comes or goes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace finishline::sched {

/// A prime, so that a server's steps reach every place; about a hundred places per server or more.
std::uint32_t maglev_places(std::size_t servers);

/// Who has which place, by position in `identity`; empty without servers. Servers fill in turns, those of
/// greater weight in more of them. The same names and weights give the same table.
std::vector<std::uint32_t> maglev_table(std::span<const std::uint64_t> identity,
                                        std::span<const double> weight);

}  // namespace finishline::sched
