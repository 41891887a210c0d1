#include "lb/master/first_reading.h"

#include <cstdio>
#include <utility>

#include "lb/config/overlay.h"
#include "lb/log/log.h"
#include "lb/process/state_file.h"

namespace finishline::master {

std::optional<ConfigReader::Outcome> reading_for(const config::GivenFile& file,
                                                 const std::optional<Handover>& handover) {
  config::Source known = handover ? handover->source : config::Source{};
  known.file = file.path;
  auto read = read_and_wait(std::move(known));
  if (std::holds_alternative<config::Source>(read.result)) return read;
  const auto& problems = std::get<std::vector<std::string>>(read.result);
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", file.said(problem).c_str());
  std::fprintf(stderr, "finishline: %zu problem%s in %s\n", problems.size(), problems.size() == 1 ? "" : "s",
               file.said(file.path).c_str());
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
