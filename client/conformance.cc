#include "client/conformance.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "client/conformance_rules.h"
#include "client/table.h"

namespace finishline::client {
namespace {

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kept:
      return "kept";
    case Outcome::broken:
      return "BROKEN";
    case Outcome::untried:
      break;
  }
  return "untried";
}

auto count_of(const std::vector<RuleResult>& results, Outcome outcome) {
  return std::ranges::count(results, outcome, &RuleResult::outcome);
}

}  // namespace

std::vector<RuleResult> conform(net::Loop& loop, const Route& route, const Subject& subject) {
  std::vector<RuleResult> results;
  const Rule::For its = subject.proxy ? Rule::For::proxy : Rule::For::server;
  const auto play = [&](std::span<const Rule> rules) {
    for (const Rule& rule : rules) {
      if (rule.whom != Rule::For::both && rule.whom != its) continue;
      Verdict verdict = rule.play({loop, route, subject});
      results.push_back({rule.name, rule.says, verdict.outcome, std::move(verdict.came)});
    }
  };
  if (subject.mini) {
    play(mini_rules());
  } else {
    for (const auto& rules : {request_rules(), other_rules(), work_rules()}) play(rules);
  }
  return results;
}

bool all_kept(const std::vector<RuleResult>& results) { return count_of(results, Outcome::broken) == 0; }

std::string to_text(const std::vector<RuleResult>& results) {
  Table table(3);
  table.add({"rule", "", "the protocol says"});
  for (const RuleResult& result : results) table.add({result.rule, name_of(result.outcome), result.says});
  std::string text = table.text() + "\n";
  for (const RuleResult& result : results) {
    if (result.outcome == Outcome::kept) continue;
    text += result.rule + " (" + name_of(result.outcome) + "): ";
    text += result.outcome == Outcome::untried
                ? result.came + "\n"
                : "came " + result.came + "; the protocol says: " + result.says + "\n";
  }
  return text + std::to_string(count_of(results, Outcome::kept)) + " kept, " +
         std::to_string(count_of(results, Outcome::broken)) + " broken, " +
         std::to_string(count_of(results, Outcome::untried)) + " untried\n";
}

std::string to_json(const std::vector<RuleResult>& results) {
  nlohmann::ordered_json rules = nlohmann::ordered_json::array();
  for (const RuleResult& result : results)
    rules.push_back({{"rule", result.rule},
                     {"says", result.says},
                     {"outcome", result.outcome == Outcome::broken ? "broken" : name_of(result.outcome)},
                     {"came", result.came}});
  const nlohmann::ordered_json json{{"kept", count_of(results, Outcome::kept)},
                                    {"broken", count_of(results, Outcome::broken)},
                                    {"untried", count_of(results, Outcome::untried)},
                                    {"rules", rules}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace finishline::client
