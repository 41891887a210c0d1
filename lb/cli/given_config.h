// A configuration that stands in no file of the user's: what standard input or flags say. It is in a file of
// ours for as long as the command runs, of which messages never speak. Any process.
#pragma once

#include <optional>
#include <string>

#include "lb/cli/temporary_file.h"
#include "lb/config/given_file.h"

namespace finishline::cli {

class GivenConfig {
 public:
  /// `file` is its name, or "-": what standard input says, read now; files that it names go by the working
  /// directory.
  explicit GivenConfig(const std::string& file);
  /// Why standard input could not be read; "": it could.
  const std::string& problem() const { return problem_; }
  /// From now on the configuration is this text, which quick_config() has made of flags.
  void take_flags(const std::string& text);

  const std::string& path() const { return kept_ ? kept_->path() : file_; }
  /// `text` with what stands in our file said of standard input, or of the flag.
  std::string in_words(std::string text) const;
  /// Refers to this.
  config::GivenFile as_file() const;

 private:
  std::string words_for(std::string_view rest, std::size_t& used) const;

  std::string file_, problem_;
  std::optional<TemporaryFile> kept_;
  std::string flags_text_;  // "": no flags
};

}  // namespace finishline::cli
