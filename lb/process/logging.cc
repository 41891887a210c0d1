#include "lb/process/logging.h"

#include "lb/log/log.h"

namespace finishline::process {

void start_log(const config::Log& log, const std::string& name) {
  const log::Options options{
      .level = static_cast<log::Level>(log.level),
      .format = log.format == config::LogFormat::json ? log::Format::json : log::Format::text,
      .file = log.file,
      .process = name};
  if (const std::string problem = log::start(options); !problem.empty()) {
    log::write(log::Event::log_failed, {{"file", log.file}, {"reason", problem}});
  }
}

void reopen_log() {
  if (const std::string problem = log::reopen(); !problem.empty())
    log::write(log::Event::log_failed, {{"reason", problem}});
}

}  // namespace finishline::process
