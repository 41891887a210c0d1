#include "lb/process/state_file.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "lb/config/config.h"
#include "lb/log/log.h"

namespace finishline::process {

StateText read_state(const std::string& file) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(file, error);
  if (status.type() == std::filesystem::file_type::not_found) return {};
  auto read = config::read_text(file);
  if (const auto* problem = std::get_if<config::Problem>(&read))
    return {.there = true, .fault = problem->message};
  return {.there = true, .text = std::move(std::get<std::string>(read))};
}

std::string keep_broken(const std::string& file) {
  const std::string kept = file + ".broken";
  std::error_code error;
  std::filesystem::remove_all(kept, error);
  if (std::filesystem::is_regular_file(file, error)) {
    std::filesystem::copy_file(file, kept, error);
  } else {
    std::filesystem::rename(file, kept, error);
  }
  return error ? "" : kept;
}

void put_aside(const std::string& file, const std::string& reason) {
  const std::string kept = keep_broken(file);
  log::write(log::Event::state_broken,
             {{"file", file}, {"reason", reason}, {"kept", kept.empty() ? "nowhere" : kept}});
}

}  // namespace finishline::process
