// The table of policies: the only file that knows them all.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/sched/policy.h"

namespace finishline::sched {

struct PolicyRow;

struct PolicyParams {
  double gamma = 0.5;                          // regret: weight of the cost above the cheapest
  std::vector<const PolicyRow*> candidates{};  // adaptive: what it chooses among; empty: kCandidates
};

struct PolicyRow {
  std::string_view name;  // as in the configuration
  std::uint8_t number;    // stands for it in the ledger, which may outlive the program: never given again
  std::string_view rule;  // one line, for `finishline policies`
  bool frames;            // can choose per request
  bool streams;           // can choose per connection, with no declared type or length
  std::string_view cost;  // of one decision, in words
  std::string_view use;   // when to take it
  std::unique_ptr<Policy> (*make)(const PolicyParams& params);
};

/// Every policy that is a rule, the default (`makespan`) first.
std::span<const PolicyRow> policies();
/// `adaptive` is no rule: it follows one of the others and changes it with the traffic. It makes nothing.
const PolicyRow& adaptive();

/// A rule; nullptr when none has this name, or this number.
const PolicyRow* find_policy(std::string_view name);
const PolicyRow* find_policy(std::uint8_t number);
/// What a pool can be given: a rule or `adaptive`; nullptr when neither has this name.
const PolicyRow* find_choice(std::string_view name);
/// Of a rule or `adaptive`; "" for any other number.
std::string_view name_of_choice(std::uint8_t number);

/// What adaptive chooses among when nothing else is said: begins with the first. Each is the best for some
/// traffic.
inline constexpr std::string_view kCandidates =
    "affinity, regret, earliest-finish, makespan, least-connections, least-response-time";
/// The rules named in a list with commas; the string is a name that no rule has, or "" where there is none.
std::variant<std::vector<const PolicyRow*>, std::string> parse_candidates(std::string_view list);
/// What workers follow at first when a pool is given `policy`: that, or the first candidate of `adaptive`.
/// Both are good.
const PolicyRow& first_rule(std::string_view policy, std::string_view candidates);

}  // namespace finishline::sched
