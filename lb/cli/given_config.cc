#include "lb/cli/given_config.h"

#include <charconv>
#include <filesystem>
#include <string_view>
#include <utility>

#include "lb/cli/quick_config.h"
#include "lb/config/folder.h"
#include "lb/model/input_file.h"

namespace finishline::cli {
namespace {

constexpr std::string_view kAllFlags = "what --to, --listen and --admin say";

/// Takes ":NUMBER" off the front of `text`; 0: there is none.
std::size_t take_place(std::string_view& text) {
  std::size_t number = 0;
  if (!text.starts_with(':')) return 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), number);
  if (error != std::errc{}) return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

/// The flag that a message without a place is about; kAllFlags when it is about none of them alone.
std::string_view flag_of(std::string_view message) {
  if (message.starts_with(": listener ")) return "--listen";
  if (message.starts_with(": proxy.admin")) return "--admin";
  if (message.starts_with(": server")) return "--to";
  return kAllFlags;
}

}  // namespace

GivenConfig::GivenConfig(const std::string& file) : file_(file) {
  if (file != "-") return;
  model::InputText read = model::read_input(file, "a configuration", true);
  problem_ = std::move(read.problem);
  kept_.emplace("standard-input.toml",
                config::with_folder(std::move(read.text), std::filesystem::current_path().string()));
}

void GivenConfig::take_flags(const std::string& text) {
  flags_text_ = text;
  kept_.emplace("finishline.toml", text);
}

/// What stands for the path of our file before `rest`, of which `used` bytes are the place in it.
std::string GivenConfig::words_for(std::string_view rest, std::size_t& used) const {
  if (flags_text_.empty()) return "standard input";
  std::string_view behind = rest;
  const std::size_t line = take_place(behind);
  static_cast<void>(take_place(behind));  // the column
  used = rest.size() - behind.size();
  return std::string(line > 0 ? quick_flag_at(flags_text_, line) : flag_of(rest));
}

std::string GivenConfig::in_words(std::string text) const {
  if (!kept_ || kept_->path().empty()) return text;
  const std::string& path = kept_->path();
  for (auto at = text.find(path); at != std::string::npos; at = text.find(path, at)) {
    std::size_t used = 0;
    const std::string words = words_for(std::string_view(text).substr(at + path.size()), used);
    text.replace(at, path.size() + used, words);
    at += words.size();
  }
  return text;
}

config::GivenFile GivenConfig::as_file() const {
  if (!kept_) return {.path = file_};
  return {.path = path(), .in_words = [this](std::string text) { return in_words(std::move(text)); }};
}

}  // namespace finishline::cli
