#include "lb/process/logging.h"

#include "lb/log/access_log.h"
#include "lb/log/log.h"

namespace finishline::process {
namespace {

log::Options options_of(const config::Log& log, const std::string& name) {
  return {.level = static_cast<log::Level>(log.level),
          .format = log.format == config::LogFormat::json ? log::Format::json : log::Format::text,
          .file = log.file,
          .process = name};
}

}  // namespace

void start_log(const config::Log& log, const std::string& name) {
  if (const std::string problem = log::start(options_of(log, name)); !problem.empty()) {
    log::write(log::Event::log_failed, {{"file", log.file}, {"reason", problem}});
  }
}

void change_log(const config::Log& log, const std::string& name) { log::change(options_of(log, name)); }

void start_access_log(const config::Log& log) {
  if (const std::string problem = log::start_access_log(log.tells_access() ? log.access : "");
      !problem.empty())
    log::write(log::Event::log_failed, {{"file", log.access}, {"reason", problem}});
}

void reopen_log() {
  for (const std::string& problem : {log::reopen(), log::reopen_access_log()})
    if (!problem.empty()) log::write(log::Event::log_failed, {{"reason", problem}});
}

}  // namespace finishline::process
