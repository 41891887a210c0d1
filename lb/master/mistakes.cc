#include "lb/master/mistakes.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <set>
#include <utility>

#include "lb/config/parts.h"
#include "lb/master/files.h"
#include "lb/master/tls_files.h"
#include "proto/quantity.h"

namespace finishline::master {
namespace {

bool is_told(const std::vector<StartFault>& mistakes, const std::string& why) {
  return std::ranges::any_of(
      mistakes, [&](const StartFault& it) { return why.find(it.problem.message) != std::string::npos; });
}

}  // namespace

void add_unsaid(std::vector<config::Problem>& to, std::vector<config::Problem> later) {
  std::set<std::string> said;
  for (const config::Problem& problem : to) said.insert(problem.key);
  std::erase_if(later, [&](const config::Problem& problem) { return said.contains(problem.key); });
  std::ranges::move(later, std::back_inserter(to));
}

std::vector<StartFault> mistakes_in(const config::Source& source, const config::Judged& judged,
                                    const MachineFindings& machine, std::optional<tls::CalendarTime> now) {
  std::vector<config::Problem> all = judged.problems;
  add_unsaid(all, problems_of_files(source, judged.config));
  add_unsaid(all, problems_of_tls(source, judged.config, now));
  std::set<std::string> said;
  for (const config::Problem& problem : all) said.insert(problem.key);
  add_unsaid(all, machine.faults);
  config::sort_by_place(all, source.text);
  std::vector<StartFault> mistakes;
  for (config::Problem& problem : all) {
    const bool of_machine = !said.contains(problem.key);
    mistakes.push_back({std::move(problem), of_machine});
  }
  return mistakes;
}

void tell_mistakes(const config::GivenFile& file, const config::Source& source, MachineTrial trial,
                   const std::string& why) {
  const config::Judged judged = config::judge(source);
  const MachineFindings machine =
      judged.parsed ? try_machine(source, judged.config, trial) : MachineFindings();
  std::vector<StartFault> mistakes = mistakes_in(source, judged, machine, std::nullopt);
  if (!why.empty() && !is_told(mistakes, why))
    mistakes.push_back({{.key = {}, .message = why, .remedy = {}}, true});
  std::string text;
  for (const StartFault& mistake : mistakes) text += config::to_string(mistake.problem, file.path) + '\n';
  std::fputs(file.said(text + count_line(mistakes.size(), file.path)).c_str(), stderr);
}

std::string count_line(std::size_t mistakes, const std::string& file) {
  return "finishline: " + counted(mistakes, "problem") + " in " + file + '\n';
}

}  // namespace finishline::master
