// The command that does a server's work: its words, and what stands in them for each job.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/net/child_process.h"

namespace finishline::server {

/// Split as a shell splits quoted words; nothing is expanded. Or the reason why that cannot be: a quote
/// without its end, or a word that only a shell understands, such as |.
std::variant<std::vector<std::string>, std::string> split_words(std::string_view text);

/// What a job says of itself.
struct JobWords {
  std::uint32_t length = 0;
  std::string type;
  std::uint64_t id = 0;
};

/// With {length}, {type} and {id} replaced. Other braces stay.
std::string fill_placeholders(std::string_view word, const JobWords& job);

class CommandLine {
 public:
  CommandLine() = default;
  /// With `shell` the whole text is /bin/sh's. Or the reason why it cannot be run: no words, or a program
  /// that is not there.
  static std::variant<CommandLine, std::string> parse(const std::string& text, bool shell);

  bool has_placeholders() const;
  /// FINISHLINE_LENGTH, FINISHLINE_TYPE and FINISHLINE_ID are in its environment.
  net::ChildCommand for_job(const JobWords& job) const;
  /// For a process that outlives jobs.
  net::ChildCommand for_all_jobs() const { return {.file = file_, .arguments = words_}; }

 private:
  std::string file_;
  std::vector<std::string> words_;
};

}  // namespace finishline::server
