#include "client/conformance.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "client/conformance_rules.h"

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

Verdict verdict_on(const Rule& rule, const RuleStage& stage, const std::vector<const Rule*>& broken) {
  const auto cause =
      std::ranges::find_if(broken, [&](const Rule* other) { return (other->finds & rule.needs) != 0; });
  if (cause == broken.end()) return rule.play(stage);
  return {Outcome::untried, "not asked: follows from \"" + std::string((*cause)->name) + '"'};
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

/// Of the column of rules, which are known one after the other.
std::size_t rule_width() {
  std::size_t width = 0;
  for (const auto& rules : {request_rules(), other_rules(), work_rules(), mini_rules()})
    for (const Rule& rule : rules) width = std::max(width, std::string_view(rule.name).size());
  return width;
}

std::string line_of(const std::string& rule, const std::string& outcome, const std::string& words) {
  return "  " + padded(rule, rule_width()) + "  " + padded(outcome, 7) + "  " + words + "\n";
}

auto count_of(const std::vector<RuleResult>& results, Outcome outcome) {
  return std::ranges::count(results, outcome, &RuleResult::outcome);
}

}  // namespace

std::vector<RuleResult> conform(net::Loop& loop, const Route& route, const Subject& subject,
                                const std::function<void(const RuleResult&)>& tell) {
  std::vector<RuleResult> results;
  std::vector<const Rule*> broken;
  const Rule::For its = subject.proxy ? Rule::For::proxy : Rule::For::server;
  const auto play = [&](std::span<const Rule> rules) {
    for (const Rule& rule : rules) {
      if (rule.whom != Rule::For::both && rule.whom != its) continue;
      Verdict verdict = verdict_on(rule, {loop, route, subject}, broken);
      if (verdict.outcome == Outcome::broken) broken.push_back(&rule);
      results.push_back({rule.name, rule.says, verdict.outcome, std::move(verdict.came)});
      if (tell) tell(results.back());
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

std::string table_head() { return line_of("rule", "", "the protocol says"); }

std::string to_line(const RuleResult& result) {
  return line_of(result.rule, name_of(result.outcome),
                 result.outcome == Outcome::untried ? result.came : result.says);
}

std::string to_summary(const std::vector<RuleResult>& results) {
  std::string text = "\n";
  for (const RuleResult& result : results)
    if (result.outcome == Outcome::broken)
      text += result.rule + " (BROKEN): came " + result.came + "; the protocol says: " + result.says + "\n";
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
