#include "servers/command_line.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <utility>

namespace finishline::server {
namespace {

constexpr std::string_view kShellOnly = "|&;<>";

/// Reads a text word by word.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text) {}

  std::variant<std::vector<std::string>, std::string> read() {
    std::vector<std::string> words;
    while (skip_space()) {
      if (!read_word()) return "there is no end to the quote " + std::string(1, quote_);
      if (!quoted_ && word_.find_first_not_of(kShellOnly) == std::string::npos)
        return "'" + word_ + "' is for a shell, which --exec-shell gives; or put it into quotes";
      words.push_back(std::exchange(word_, ""));
    }
    return words;
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n'; }

  bool skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    return at_ < text_.size();
  }
  /// False when a quote does not end.
  bool read_word() {
    quote_ = 0;
    quoted_ = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quote_ == 0 && is_space(c)) return true;
      take(c);
    }
    return quote_ == 0;
  }
  void take(char c) {
    if (c == quote_) {
      quote_ = 0;
    } else if (quote_ == 0 && (c == '\'' || c == '"')) {
      quote_ = c;
      quoted_ = true;
    } else if (c == '\\' && escapes_next()) {
      quoted_ = true;
      word_ += text_[++at_];
    } else {
      word_ += c;
    }
  }
  bool escapes_next() const {
    if (quote_ == '\'' || at_ + 1 == text_.size()) return false;
    return quote_ == 0 || std::string_view("\"\\$`").find(text_[at_ + 1]) != std::string_view::npos;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string word_;
  char quote_ = 0;       // that has begun and not ended
  bool quoted_ = false;  // a part of this word was
};

bool can_run(const std::string& file) {
  std::error_code none;
  return std::filesystem::is_regular_file(file, none) && ::access(file.c_str(), X_OK) == 0;
}

/// The path of a program; "" when it is not there.
std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return can_run(name) ? name : "";
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string file = (folder.empty() ? "." : folder) + "/" + name;
    if (can_run(file)) return file;
  }
  return "";
}

std::optional<std::string> value_of(std::string_view name, const JobWords& job) {
  if (name == "{length}") return std::to_string(job.length);
  if (name == "{type}") return job.type;
  if (name == "{id}") return std::to_string(job.id);
  return std::nullopt;
}

}  // namespace

std::variant<std::vector<std::string>, std::string> split_words(std::string_view text) {
  return WordReader(text).read();
}

std::string fill_placeholders(std::string_view word, const JobWords& job) {
  std::string filled;
  while (!word.empty()) {
    const std::size_t end = word[0] == '{' ? word.find('}') : std::string_view::npos;
    const auto value = end == std::string_view::npos ? std::nullopt : value_of(word.substr(0, end + 1), job);
    filled += value ? *value : std::string(1, word[0]);
    word.remove_prefix(value ? end + 1 : 1);
  }
  return filled;
}

std::variant<CommandLine, std::string> CommandLine::parse(const std::string& text, bool shell) {
  CommandLine line;
  if (shell) {
    line.words_ = {"/bin/sh", "-c", text};
  } else {
    auto words = split_words(text);
    if (const auto* reason = std::get_if<std::string>(&words)) return *reason;
    line.words_ = std::move(std::get<std::vector<std::string>>(words));
  }
  if (line.words_.empty() || line.words_[0].empty() || text.empty()) return "there is no command";
  const std::string& name = line.words_[0];
  line.file_ = find_program(name);
  if (!line.file_.empty()) return line;
  if (name.find('/') == std::string::npos) return "there is no program '" + name + "' in PATH";
  return "'" + name + "' is no program that can be run";
}

bool CommandLine::has_placeholders() const {
  return std::ranges::any_of(words_,
                             [](const std::string& word) { return fill_placeholders(word, {}) != word; });
}

net::ChildCommand CommandLine::for_job(const JobWords& job) const {
  net::ChildCommand command = for_all_jobs();
  for (std::string& word : command.arguments) word = fill_placeholders(word, job);
  command.environment = {"FINISHLINE_LENGTH=" + std::to_string(job.length), "FINISHLINE_TYPE=" + job.type,
                         "FINISHLINE_ID=" + std::to_string(job.id)};
  return command;
}

}  // namespace finishline::server
