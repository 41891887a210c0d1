// The last lines of what a command has written to its standard error. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace finishline::server {

class LastLines {
 public:
  void add(std::span<const std::byte> bytes) {
    const std::size_t count = bytes.size() < kMostBytes ? bytes.size() : kMostBytes;
    const auto kept = bytes.last(count);
    text_.append(reinterpret_cast<const char*>(kept.data()), kept.size());
    if (text_.size() > 2 * kMostBytes) text_.erase(0, text_.size() - kMostBytes);
  }
  /// Whole lines, where they are not too long; each with its end.
  std::string text() const {
    std::string last = text_.size() > kMostBytes ? text_.substr(text_.size() - kMostBytes) : text_;
    if (last.size() < text_.size() && last.find('\n') + 1 < last.size()) last.erase(0, last.find('\n') + 1);
    if (!last.empty() && last.back() != '\n') last += '\n';
    return last;
  }
  void clear() { text_.clear(); }

 private:
  static constexpr std::size_t kMostBytes = 4096;

  std::string text_;
};

}  // namespace finishline::server
