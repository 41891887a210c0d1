// A terminal in the hands of ncurses while it lives: draws lines, tells keys. The one file that knows ncurses
// is top_screen.cc. `finishline top` alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lb/cli/top_view.h"

namespace finishline::cli {

enum class TopKey : std::uint8_t {
  none,
  text,
  enter,
  escape,
  erase,
  up,
  down,
  page_up,
  page_down,
  resized,
  ended
};

struct TopInput {
  TopKey key = TopKey::none;
  char character = 0;  // of `text`
};

class TopScreen {
 public:
  /// Precondition: standard input and output are a terminal.
  TopScreen();
  ~TopScreen();
  TopScreen(const TopScreen&) = delete;
  TopScreen& operator=(const TopScreen&) = delete;

  std::size_t width() const;
  std::size_t height() const;
  /// Whether the terminal's characters are UTF-8.
  bool unicode() const { return unicode_; }
  /// The lines from the top; `bottom` in the last one.
  void draw(const std::vector<TopLine>& lines, const std::string& bottom);
  /// The next key, waited for so long; `ended` when nobody types any more.
  TopInput wait(int milliseconds);

 private:
  bool unicode_ = false;
};

}  // namespace finishline::cli
