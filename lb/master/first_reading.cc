#include "lb/master/first_reading.h"

#include <cstdio>
#include <utility>

#include "lb/config/overlay.h"
#include "lb/log/log.h"
#include "lb/master/mistakes.h"
#include "lb/process/state_file.h"

namespace finishline::master {

std::optional<ConfigReader::Outcome> reading_for(const config::GivenFile& file,
                                                 const std::optional<Handover>& handover,
                                                 MachineTrial trial) {
  config::Source known = handover ? handover->source : config::Source{};
  known.file = file.path;
  auto read = read_and_wait(std::move(known));
  if (std::holds_alternative<config::Source>(read.result)) return read;
  if (!handover && read.faulty) return tell_mistakes(file, *read.faulty, trial, ""), std::nullopt;
  const auto& problems = std::get<std::vector<std::string>>(read.result);
  std::string text;
  for (const std::string& problem : problems) text += problem + '\n';
  std::fputs(file.said(text + count_line(problems.size(), file.path)).c_str(), stderr);
  if (!handover) return std::nullopt;
  return ConfigReader::Outcome{.what = read.what, .result = handover->source};
}

void tell_of_changes_left_out(const config::Proxy& proxy, const std::string& fault) {
  if (fault.empty()) return;
  const std::string file = config::overlay_file(proxy.state_dir), kept = process::keep_broken(file);
  log::write(log::Event::changes_left_out,
             {{"file", file}, {"reason", fault}, {"kept", kept.empty() ? "nowhere" : kept}});
}

}  // namespace finishline::master
