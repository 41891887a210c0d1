// The configuration file, and what its user calls it: what came by standard input or flags stands in a file
// of ours that nobody has seen. Pure.
#pragma once

#include <functional>
#include <string>
#include <utility>

namespace finishline::config {

struct GivenFile {
  std::string path;
  /// What a message says of the file, in the words of its user; nothing: it is the user's own.
  std::function<std::string(std::string)> in_words = {};

  std::string said(std::string text) const { return in_words ? in_words(std::move(text)) : text; }
};

}  // namespace finishline::config
